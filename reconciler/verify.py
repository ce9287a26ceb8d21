"""Stage 7. Health checks: thresholds over answers. Pure but for nothing; who asks is execute."""
