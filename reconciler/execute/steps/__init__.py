"""What is next within a step in hand: one module for each sort of step. All of it is pure."""
