"""Calibration of virtual instruments: models that return a value of a quantity."""
