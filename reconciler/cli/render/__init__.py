"""Values in, text out: what commands print. Pure; nothing here reads or writes."""
