"""The models behind the LLM protocol: the Messages API, and the rehearsal that needs no key."""
