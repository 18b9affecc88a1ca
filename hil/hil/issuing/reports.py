"""The test report of a run, as PDF: of a trial, or of measurements."""
