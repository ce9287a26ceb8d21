"""How a journal of an earlier version becomes one of this version; run when the journal is opened."""
