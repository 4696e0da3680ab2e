"""The verbs. Each is one transaction: move, history line, doorbell."""
