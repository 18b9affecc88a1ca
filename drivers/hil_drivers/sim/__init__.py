"""A simulated bench: one child process with physics, and in front of it instruments on their real protocols.

``python -m hil_drivers.sim WORLD.json`` serves a world, :class:`hil_drivers.sim.client.Simulation` starts
and steers it. Nothing here reads wall time for a model: every number is a function of the seed, the
commands received and the bench time.
"""
