"""Detection of signs against illuminance."""
