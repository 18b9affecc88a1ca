"""The gateway: HTTP and WebSocket for many clients, in a child process that a run never waits for.

``keeper`` and ``link`` are the core's side; nothing but the child imports what the extra ``web`` brings, except the
encoder of the frames between the two.
"""
