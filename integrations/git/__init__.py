"""Git: branches in any repository that git itself can push to."""
