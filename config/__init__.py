"""Laurel’s switchboard: settings, addresses, wires, and the servers that run with it."""
