"""Whether the intervals that a procedure states hold the true values as often as they claim."""
