"""One design on two benches: whether a simulated bench may stand in for a physical one, and where."""
