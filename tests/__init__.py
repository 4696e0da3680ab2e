"""Tests mirror the code, room for room."""
