"""Stage 5. Gate, evidence and the time in; open, closed or pending with the reason out. Pure."""
