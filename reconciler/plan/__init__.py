"""Stage 4. Changes, policy, verdicts and the time in, a plan or the reason for none out. Pure."""
