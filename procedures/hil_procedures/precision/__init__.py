"""Repeatability and reproducibility of a measurement, across operators, days or benches."""
