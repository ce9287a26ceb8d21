"""Forges over their HTTP APIs: pull requests, one comment on each, and commit statuses."""
