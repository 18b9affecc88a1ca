"""Looking at a bench without running a procedure: devices kept connected as well as possible, live channels.

Nothing is recorded here, and nothing is commanded.
"""
