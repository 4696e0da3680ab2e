"""Thinking: the orchestrator, the specialists, and what they think with. No tables live here."""
