"""The record: who did what, when and why, read from the journal, checked and written out for others."""
