"""A climate probe on Modbus TCP in a process of its own: ``python hmp_server.py PORT`` (0 for a free one).

It prints its port and answers reads of holding registers as the HMP's register map says, on plain sockets.
"""

from __future__ import annotations

import asyncio
import struct
import sys

HUMIDITY, TEMPERATURE = 45.25, 23.5


def float_words(value: float) -> tuple[int, int]:
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return low, high


REGISTERS = {
    0x0000: float_words(HUMIDITY)[0],
    0x0001: float_words(HUMIDITY)[1],
    0x0002: float_words(TEMPERATURE)[0],
    0x0003: float_words(TEMPERATURE)[1],
    0x0200: 1,
    0x1F00: -12345 & 0xFFFF,
    0x1F01: float_words(-123.45)[0],
    0x1F02: float_words(-123.45)[1],
}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
            function, first, count = struct.unpack(">BHH", (await reader.readexactly(length - 1))[:5])
            words = [REGISTERS.get(first + i, 0) for i in range(count)]
            body = struct.pack(f">BB{count}H", function, 2 * count, *words)
            writer.write(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve(port: int) -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
