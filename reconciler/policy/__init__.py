"""Pure rules: which policy governs a unit, windows, budgets, guards."""
