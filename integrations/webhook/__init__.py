"""Other systems: told of what happens to jobs and reviews, signed by Standard Webhooks."""
