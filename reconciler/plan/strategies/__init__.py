"""One file a strategy: targets in, batches out."""
