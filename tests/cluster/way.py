"""Passes connections on: way.py PORT TARGET. SIGUSR1 breaks all that there are; SIGSTOP makes them stand still."""
import asyncio
import contextlib
import signal
import socket
import struct
import sys

writers = set()


async def pass_on(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def connected(reader, writer):
    try:
        there, back = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    except OSError:
        return writer.close()
    writers.update((writer, back))
    await asyncio.gather(pass_on(reader, back), pass_on(there, writer))
    writers.difference_update((writer, back))


def break_all():
    """With a reset, as by a firewall that has forgotten them."""
    for writer in list(writers):
        with contextlib.suppress(OSError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, break_all)
    server = await asyncio.start_server(connected, "127.0.0.1", int(sys.argv[1]), backlog=512)
    await server.serve_forever()


asyncio.run(main())
