"""Measurement models: expressions, input quantities, and the propagation of their distributions.

`model_file` reads a model from TOML; `gum` propagates uncertainties to first or second order (JCGM 100),
`hil_calibration.montecarlo` propagates distributions (JCGM 101, 102); `evaluation` does what a model file asks for.
"""
