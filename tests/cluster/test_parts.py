"""The parts of the proof that need no cluster: its client, its traffic, its images, its certificates."""

from __future__ import annotations

import asyncio
import json
import ssl
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.cluster.caller import Caller
from tests.cluster.certificates import found
from tests.cluster.images import archive_of
from tests.cluster.judge import traffic
from tests.cluster.load import read
from tests.cluster.pages import ordered
from tests.documents import Block

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


async def _served(answers: list[bytes], caller_keeps: bool, requests: int) -> tuple[int, list[int]]:
    """Connections that a server saw which closes each after its list of answers, and the statuses that the caller got."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for answer in answers:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]))
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    caller = Caller(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", keeps=caller_keeps)
    statuses = []
    for _ in range(requests):
        statuses.append((await caller.post("/", {})).status)
        await asyncio.sleep(0.02)
    caller.close()
    server.close()
    return connections, statuses


@pytest.mark.parametrize(
    ("answers", "keeps", "connections"),
    [
        ([OK, OK, OK, OK], True, 1),
        ([OK, OK], True, 2),
        ([OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")], True, 4),
        ([OK], False, 4),
    ],
)
def test_a_caller_keeps_a_connection_until_either_side_ends_it(answers: list[bytes], keeps: bool, connections: int) -> None:
    assert asyncio.run(_served(answers, keeps, 4)) == (connections, [200] * 4)


def test_an_answer_cut_short_is_a_failure_and_is_not_asked_for_again() -> None:
    with pytest.raises(EOFError):
        asyncio.run(_served([OK[:-1]], caller_keeps=True, requests=1))


def test_every_other_intention_is_new_and_the_rest_was_asked_before() -> None:
    texts = [body["intent_text"] for body in traffic(400)]
    assert len(set(texts)) == 200
    assert all(text not in texts[:place] for place, text in enumerate(texts) if place % 2 == 0)
    assert all(text in texts[:place] for place, text in enumerate(texts) if place % 2)


def test_an_image_holds_one_program_under_its_name(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(b"\x7fELF")
    with tarfile.open(fileobj=BytesIO(archive_of(program, "hive.local/pause:1"))) as outer:
        manifest = json.load(outer.extractfile("manifest.json") or BytesIO())
        layer = (outer.extractfile("layer.tar") or BytesIO()).read()
    assert manifest[0]["RepoTags"] == ["hive.local/pause:1"]
    with tarfile.open(fileobj=BytesIO(layer)) as inner:
        assert [(entry.name, entry.mode) for entry in inner] == [("pause", 0o755)]


def test_certificates_of_the_authority_are_what_a_server_and_a_client_can_load(tmp_path: Path) -> None:
    found(tmp_path).issue("server", "server", hosts=["localhost", "127.0.0.1"])
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    assert [part["subject"] for part in context.get_ca_certs()] == [((("commonName", "neural-hive-cluster"),),)]


def test_what_ends_the_hive_of_the_pages_is_run_last() -> None:
    bodies = {"install": "helm install hive", "end": "helm uninstall hive", "look": "kubectl get pods"}
    install, end, look = (
        Block("kubernetes" if name != "look" else "operations", "en", 1, "console", text) for name, text in bodies.items()
    )
    assert ordered([install, end, look]) == [install, look, end]


def test_a_refusal_is_a_failure_with_its_name() -> None:
    from tests.cluster.caller import Reply

    assert read(0, 0.0, Reply(503, b'{"code": "no_opinions"}')).failure == "status 503 no_opinions"
