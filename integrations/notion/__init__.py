"""Notion: briefs as rows of a data source, and the inbox mirrored as another."""
