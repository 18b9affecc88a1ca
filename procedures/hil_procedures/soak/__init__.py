"""Holding one condition for a long time."""
