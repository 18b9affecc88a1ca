"""Connections, opened from an address; each exchange has a deadline and leaves the link quiet."""
