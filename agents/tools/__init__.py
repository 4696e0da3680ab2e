"""What a model may reach for: one tool a file, all of them read-only towards the outside."""
