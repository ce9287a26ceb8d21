"""What happened, in figures and evidence: rollouts and periods, the four DORA measures, compliance."""
