"""GitHub: issues that get a label, pull requests that are opened."""
