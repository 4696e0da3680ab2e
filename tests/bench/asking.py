"""Many requests over a few connections, as fast as they are answered."""

import asyncio
import time
from collections.abc import Iterator


async def ask(port: int, requests: list[bytes], *, connections: int) -> tuple[float, list[float]]:
    """Send all over some connections, each as soon as the last was answered; the rate and every wait."""
    waiting = iter(requests)
    waits: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*[_keep_asking(port, waiting, waits) for _ in range(connections)])
    return len(requests) / (time.perf_counter() - began), waits


async def _keep_asking(port: int, waiting: Iterator[bytes], waits: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for request in waiting:
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            waits.append(time.perf_counter() - began)
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")):
                raise RuntimeError(f"not accepted: {head!r}")
            if b"connection: close" in head.lower():
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
    finally:
        writer.close()


def _length(head: bytes) -> int:
    return next(
        int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
