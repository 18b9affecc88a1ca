"""The trials and calibrations that ship with the bench; each is found by its entry point, never imported."""
