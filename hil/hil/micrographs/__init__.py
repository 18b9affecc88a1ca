"""The micrographs of a run: particles as predicted, contours corrected by hand as amendments, sizes by type."""
