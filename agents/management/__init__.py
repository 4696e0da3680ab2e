"""The command line's way into this room."""
