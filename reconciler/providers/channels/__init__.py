"""Channels that people are told through, each a module; ``all`` knows them."""
