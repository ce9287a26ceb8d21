"""Stage 6. A plan in, journal events out: the step machine."""
