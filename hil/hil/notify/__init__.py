"""Alarms told to people who are not at the bench, by mail and webhook: a child process that a run never waits for.

No part of safety: a bench goes to its safe state whether anybody is told or not. ``config``, ``lines`` and what they
import need nothing of the extra ``web``; the rest is the child's (``python -m hil.notify``).
"""
