"""Keeps a fleet in the state that Git says: commit, desired, observe, diff, plan, gate, execute, verify, record."""
