"""Backups: the database and the artifacts in one dated archive, and back."""
