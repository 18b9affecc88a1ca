"""The operator's console in the terminal. Nothing loads before it is used: `hil --help` stays quick.

``palette``, ``colour``, ``text``, ``fitting``, ``layout``, ``reading``, ``braille`` and ``widgets`` know nothing of a
bench: they draw what they are given.
"""
