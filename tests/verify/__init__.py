"""Whether what was seen is as it should be: pure, in tables."""
