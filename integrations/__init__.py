"""Talking: one folder a provider, its inbound half a Source, its outbound half a Target. No tables live here."""
