"""What forges send and answer, as they document it."""
