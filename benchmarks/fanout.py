"""The floor of a distributed decision: four gRPC servers that answer a fixed message, and a client that asks all four at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import grpc

from neural_hive.transport.generated import specialist_pb2 as pb
from neural_hive.transport.wire import EVALUATE, SERVICE

Call = grpc.aio.UnaryUnaryMultiCallable[pb.EvaluatePlanRequest, pb.EvaluatePlanResponse]


async def serve(answer: pb.EvaluatePlanResponse) -> None:
    """Answer every question with the same message; the port goes to standard output."""

    async def evaluate(_: pb.EvaluatePlanRequest, __: object) -> pb.EvaluatePlanResponse:
        return answer

    handler = grpc.unary_unary_rpc_method_handler(
        evaluate, request_deserializer=pb.EvaluatePlanRequest.FromString, response_serializer=pb.EvaluatePlanResponse.SerializeToString
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {"EvaluatePlan": handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


class Fanout:
    """Asks all servers at once with a message of its own for each, and waits for the last."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = calls

    async def ask(self, question: pb.EvaluatePlanRequest) -> float:
        """Milliseconds until all have answered."""
        began = perf_counter()
        await asyncio.gather(*(call(question, timeout=10.0) for call in self._calls))
        return (perf_counter() - began) * 1e3


@asynccontextmanager
async def open_fanout(answers: Sequence[bytes], folder: Path) -> AsyncIterator[Fanout]:
    """Servers, one process for each of the answers, and channels to them."""
    processes = [_start(answer, folder / f"answer-{number}") for number, answer in enumerate(answers)]
    ports = [await asyncio.to_thread(_port, process) for process in processes]
    channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}") for port in ports]
    try:
        yield Fanout([_call(channel) for channel in channels])
    finally:
        for channel in channels:
            await channel.close()
        for process in processes:
            process.kill()
            process.communicate()


def _call(channel: grpc.aio.Channel) -> Call:
    return channel.unary_unary(
        EVALUATE, request_serializer=pb.EvaluatePlanRequest.SerializeToString, response_deserializer=pb.EvaluatePlanResponse.FromString
    )


def _start(answer: bytes, path: Path) -> subprocess.Popen[bytes]:
    path.write_bytes(answer)
    return subprocess.Popen([sys.executable, "-m", "benchmarks.fanout", str(path)], stdout=subprocess.PIPE)


def _port(process: subprocess.Popen[bytes]) -> int:
    if process.stdout is None:
        raise RuntimeError("a server of the floor has no output")
    return int(process.stdout.readline())


if __name__ == "__main__":
    asyncio.run(serve(pb.EvaluatePlanResponse.FromString(Path(sys.argv[1]).read_bytes())))
