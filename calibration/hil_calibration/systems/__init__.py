"""How well an AI system performs: measures beyond proportions and detection curves, each with its uncertainty.

Proportions, demonstration plans, sequential tests and poses are in `hil_calibration.performance`, detection curves in
`pod` and `detection_curve`.
"""
