"""Safety of a run: interlocks, alarms, the ordered safe state, the feeding of the rig's watchdog.

Nothing here is a safety-related control system (docs/explanation/safety.md): the rig's own means stay in place.
"""
