"""Climatic robustness: what a system under test does while the climate around it changes."""
