"""Wiring only: settings, clusters, processes, addresses. Imports all, imported by none."""
