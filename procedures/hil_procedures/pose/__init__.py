"""Pose accuracy and repeatability of an arm, measured by motion capture."""
