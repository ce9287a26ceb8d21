"""The bench, as far as it can be told without hosts."""
