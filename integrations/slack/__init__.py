"""Slack, both ways: commands, mentions and messages come in; a message for each job and decision goes out."""
