"""Waits for the other hosts of a job on a port, as rank 0's store will."""

from __future__ import annotations

import socket
import time

from dsdoctor.probes.clients.unavailable import Unavailable

TRIES = 5
PAUSE = 0.1
"""Seconds between tries: the probe of the port itself has it for a moment."""


def await_peers(port: int, peers: int, seconds: float) -> int:
    """How many connected within ``seconds``; ends once ``peers`` of them have.

    Raises:
        Unavailable: the port cannot be taken.
    """
    deadline = time.monotonic() + seconds
    came = 0
    with _server(port) as server:
        while came < peers and (left := deadline - time.monotonic()) > 0:
            server.settimeout(left)
            try:
                connection, _ = server.accept()
            except TimeoutError:
                break
            connection.close()
            came += 1
    return came


def _server(port: int) -> socket.socket:
    for attempt in range(1, TRIES + 1):
        try:
            return socket.create_server(("", port), backlog=128)
        except OSError as error:
            if attempt == TRIES:
                words = f"port {port} cannot be opened: {error.strerror}"
                raise Unavailable(words) from None
        time.sleep(PAUSE)
    raise AssertionError("unreachable")
