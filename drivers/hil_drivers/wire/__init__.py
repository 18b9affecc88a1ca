"""Sans-I/O protocols: bytes in, events out.

Nothing here opens, waits or sleeps. What a device sends against its protocol raises ``RemoteProtocolError``;
a frame of ours that must not be sent raises ``LocalProtocolError``.
"""
