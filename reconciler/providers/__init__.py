"""Ports fulfilled: everything that touches the world."""
