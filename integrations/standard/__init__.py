"""Anything that speaks Standard Webhooks: n8n, Zapier, a script."""
