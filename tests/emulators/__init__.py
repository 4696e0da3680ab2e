"""Strict loopback services: what the real ones accept and answer, on real sockets."""
