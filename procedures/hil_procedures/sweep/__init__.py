"""An actuator over its levels, and what a sensor measures at each."""
