"""The owner's own site: submissions as JSON or as a posted form."""
