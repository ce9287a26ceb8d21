"""The same job done by reconciler, by a bare script and by the tools people use today, measured side by side."""
