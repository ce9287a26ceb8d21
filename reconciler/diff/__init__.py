"""Stage 3. Desired state and observations in, changes out. Pure."""
