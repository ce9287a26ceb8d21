"""What is written to the journal once an effect has had its answer: one module for each sort of step. All pure."""
