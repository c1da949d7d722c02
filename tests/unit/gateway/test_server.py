"""The server as it is configured: what it keeps apart."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from neural_hive.gateway.server import server
from neural_hive.hive import Hive
from neural_hive.settings import Settings
from neural_hive.tokens.base import show, shown

_ASK = b"GET / HTTP/1.1\r\nHost: hive\r\n\r\n"


async def test_a_pipelined_request_does_not_hold_the_token_of_the_one_before(settings: Settings, hive: Hive) -> None:
    held: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        held.append(shown())
        show("a.b.c")
        await asyncio.sleep(0.01)  # the next request is there before this one ends
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    serving = server(settings, hive)
    serving.config.app, serving.config.lifespan = app, "off"
    with socket.create_server(("127.0.0.1", 0)) as door:
        task = asyncio.create_task(serving.serve(sockets=[door]))
        reader, writer = await asyncio.open_connection(*door.getsockname())
        writer.write(_ASK * 3)
        for _ in range(3):
            await reader.readuntil(b"\r\n\r\n")
        writer.close()
        serving.should_exit = True
        await task
    assert held == ["", "", ""]
