"""The demo: one made-up night of a small agency, and a desk that works on this machine alone."""
