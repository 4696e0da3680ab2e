"""Branches of agents: a patch becomes one commit on agent/<job uid>, and no other ref is ever pushed."""
