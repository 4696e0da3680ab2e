"""Git: a patch becomes a branch of its own; no other ref is ever pushed."""
