"""Docking of a mobile robot: success, accuracy, repeatability, time."""
