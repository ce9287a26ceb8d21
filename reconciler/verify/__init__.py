"""Stage 7. Answers of checks and figures of analyses in, evidence out. Pure; who asks is execute."""
