"""Stage 2. Desired state in, observations out: one round trip a target."""
