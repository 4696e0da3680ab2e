"""Ground floor: every table, every state, every decision."""
