"""Documents as files in a folder, tagged with their job."""
