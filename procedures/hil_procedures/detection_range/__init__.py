"""Detection range by bearing."""
