"""The pages a person uses: what waits for a decision, and what became of it."""
