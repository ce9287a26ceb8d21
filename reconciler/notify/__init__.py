"""Telling people: what the journal says → who is told, when, in which words. Decides only; channels are providers."""
