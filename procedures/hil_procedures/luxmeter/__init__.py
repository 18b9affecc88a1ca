"""Calibration of a luxmeter against a reference luxmeter."""
