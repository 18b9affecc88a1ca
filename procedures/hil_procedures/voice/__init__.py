"""Detection of a voice against the signal-to-noise ratio."""
