"""A specialist behind gRPC is the specialist; real servers on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc  # type: ignore[import-untyped]

from neural_hive.counterfactual import proposals
from neural_hive.errors import SettingsError, UnavailableError
from neural_hive.ops import Pulse
from neural_hive.settings import Tls
from neural_hive.specialists.base import Specialist
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.testing import check_specialist, sample_plans
from neural_hive.transport import wire
from neural_hive.transport.client import RemoteSpecialist, open_grpc_specialist
from neural_hive.transport.server import serve_specialist
from neural_hive.types import Opinion, Plan, Task
from tests.unit.transport.faulty import Scripted, Slow, opinion_of

PLAN = sample_plans()[4]
LARGE = Plan(tasks=tuple(Task(id=f"t{number}", description="read the logs of every machine " * 8) for number in range(500)))


@dataclass
class Sync(Scripted):
    """One that is asked in a thread when the question is large."""

    work: Callable[[Plan], Opinion] = field(default=lambda _: opinion_of("technical"))

    def evaluate_sync(self, plan: Plan) -> Opinion:
        return self.work(plan)


@asynccontextmanager
async def opened(url: str, name: str = "technical", deadline: float = 2.0, tls: Tls | None = None) -> AsyncIterator[RemoteSpecialist]:
    async with open_grpc_specialist(url, name=name, tls=tls or Tls(), specialist_deadline=deadline) as remote:
        yield remote


@asynccontextmanager
async def served(specialist: Specialist, deadline: float = 2.0) -> AsyncIterator[RemoteSpecialist]:
    async with serve_specialist(specialist, port=0) as port, opened(f"grpc://127.0.0.1:{port}", specialist.name, deadline) as remote:
        yield remote


async def code_of(port: int, request: bytes, seconds: float | None = 2.0) -> tuple[grpc.StatusCode, str]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(wire.EVALUATE)
            await method(request, timeout=seconds)
        except grpc.aio.AioRpcError as error:
            return error.code(), error.details() or ""
    return grpc.StatusCode.OK, ""


@pytest.mark.parametrize("name", OWN)
async def test_a_remote_specialist_conforms_and_says_what_the_local_one_says(name: str) -> None:
    local = open_local(name)
    async with served(local) as remote:
        await check_specialist(remote)
        for plan in sample_plans():
            assert await remote.evaluate(plan) == await local.evaluate(plan)


async def test_changes_are_judged_in_the_same_call_as_by_judge() -> None:
    local = open_local("technical")
    plans = (PLAN, *(proposal.plan for proposal in proposals(PLAN)))
    async with served(local) as remote:
        answers = await remote.evaluate_all(plans)
    assert len(plans) > 1
    assert answers == (await local.evaluate(PLAN), *(local.judge(plan) for plan in plans[1:]))  # type: ignore[attr-defined]


async def test_one_without_a_short_way_judges_changes_in_full_and_leaves_the_words_out() -> None:
    async with served(Scripted(does=lambda _: replace(opinion_of("technical"), vetoes=(PLAN.actions[0].evidence,)))) as remote:
        first, second = await remote.evaluate_all((PLAN, PLAN))
    assert first == second


async def test_an_answer_without_the_changes_is_an_opinion_only() -> None:
    async def older(_: bytes, __: object) -> bytes:
        return wire.encode_answer([opinion_of("technical")])

    server = grpc.aio.server()
    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {"EvaluatePlan": grpc.unary_unary_rpc_method_handler(older)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(wire.SERVICE, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with opened(f"grpc://127.0.0.1:{port}") as remote:
        assert await remote.evaluate_all((PLAN, PLAN)) == (opinion_of("technical"),)
    await server.stop(None)


async def test_health_and_reflection_name_the_service() -> None:
    async with serve_specialist(Scripted(), port=0) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", "neural_hive.v1.SpecialistService"):
            assert (await health.Check(health_pb2.HealthCheckRequest(service=service))).status == health_pb2.HealthCheckResponse.SERVING
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        )
        names = {service.name async for answer in call for service in answer.list_services_response.service}
    assert {"neural_hive.v1.SpecialistService", "grpc.health.v1.Health"} <= names


async def test_one_that_cannot_judge_any_more_is_not_serving_and_says_so() -> None:
    pulse = Pulse()
    async with (
        serve_specialist(Scripted(), port=0, pulse=pulse) as port,
        opened(f"grpc://127.0.0.1:{port}") as remote,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=wire.SERVICE))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        pulse.tell(well=False)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(UnavailableError):
            await remote.describe()
        pulse.tell(well=True)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        assert (await remote.describe()).name
        watch.cancel()


async def test_too_many_large_questions_are_turned_away() -> None:
    release = threading.Event()

    def slowly(_: Plan) -> Opinion:
        release.wait(5)
        return opinion_of("technical")

    async with served(Sync(work=slowly), deadline=8.0) as remote:
        asked = [asyncio.ensure_future(remote.evaluate(replace(LARGE, title=str(number)))) for number in range(10)]
        done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        release.set()
        errors = await asyncio.gather(*asked, return_exceptions=True)
    assert done
    assert {error.key for error in errors if isinstance(error, UnavailableError)} == {"error.specialist_crowded"}
    assert 1 <= sum(isinstance(each, UnavailableError) for each in errors) <= 3


async def test_at_the_end_it_reports_not_serving_and_finishes_what_is_under_way() -> None:
    specialist = Scripted(delay=0.5)
    stack = serve_specialist(specialist, port=0)
    port = await stack.__aenter__()
    async with opened(f"grpc://127.0.0.1:{port}") as remote, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=wire.SERVICE))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        under_way = asyncio.ensure_future(remote.evaluate(PLAN))
        await asyncio.sleep(0.2)
        leaving = asyncio.ensure_future(stack.__aexit__(None, None, None))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()
        assert await under_way == opinion_of("technical")
        await leaving


async def test_one_that_cannot_judge_is_not_served() -> None:
    def fail(_: Plan) -> object:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with serve_specialist(Scripted(does=fail), port=0):  # type: ignore[arg-type]
            pass


async def test_what_cannot_be_read_is_an_invalid_argument() -> None:
    async with serve_specialist(Scripted(), port=0) as port:
        code, details = await code_of(port, b"\xffsecret words")
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details == "The message is no plan that this version can read."


async def test_a_specialist_that_fails_shows_neither_its_words_nor_where() -> None:
    def fail(plan: Plan) -> object:
        if plan.title == "boom":
            raise ZeroDivisionError("secret words")
        return opinion_of("technical")

    async with serve_specialist(Scripted(does=fail), port=0) as port:  # type: ignore[arg-type]
        code, details = await code_of(port, wire.encode_question((Plan(tasks=(), title="boom"),)))
        assert code is grpc.StatusCode.INTERNAL
        assert "secret" not in details
        assert (await code_of(port, wire.encode_question((PLAN,))))[0] is grpc.StatusCode.OK


async def test_a_call_whose_deadline_has_passed_is_not_judged() -> None:
    specialist = Slow(delay=0.4)
    async with serve_specialist(specialist, port=0) as port:
        request = wire.encode_question((LARGE,))
        first = asyncio.ensure_future(code_of(port, request))
        await asyncio.sleep(0.1)
        waiting = [code_of(port, request, seconds=0.2) for _ in range(3)]
        assert {code for code, _ in await asyncio.gather(*waiting)} == {grpc.StatusCode.DEADLINE_EXCEEDED}
        assert (await first)[0] is grpc.StatusCode.OK
        await asyncio.sleep(0.2)
    assert specialist.asked == 1


async def test_the_opinion_does_not_come_late_for_the_sake_of_changes() -> None:
    changed = tuple(replace(PLAN, tasks=(replace(PLAN.tasks[0], description=f"change {number}"),)) for number in range(5))
    async with served(Scripted(delay=0.2), deadline=0.7) as remote:
        assert await remote.evaluate_all((PLAN, *changed)) == (opinion_of("technical"),)
        assert len(await remote.evaluate_all((PLAN, *changed[:1]))) == 2


async def test_others_are_heard_while_a_large_plan_is_judged() -> None:
    async with serve_specialist(Slow(delay=1.0), port=0) as port, opened(f"grpc://127.0.0.1:{port}") as remote:
        large = asyncio.ensure_future(remote.evaluate(LARGE))
        await asyncio.sleep(0.2)
        start = time.perf_counter()
        await remote.describe()
        assert time.perf_counter() - start < 0.5
        await large


async def test_more_than_the_limit_is_declined_on_either_side() -> None:
    huge = Plan(tasks=(Task(id="t1", description="x" * 17_000_000),))
    async with served(Scripted()) as remote:
        with pytest.raises(UnavailableError, match="does not take this plan"):
            await remote.evaluate(huge)
        assert await remote.evaluate(PLAN) == opinion_of("technical")
    async with serve_specialist(Scripted(), port=0) as port:
        assert (await code_of(port, b"x" * 17_000_000))[0] is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_words_that_are_no_unicode_are_declined() -> None:
    async with served(Scripted()) as remote:
        with pytest.raises(UnavailableError, match="does not take this plan"):
            await remote.evaluate(Plan(tasks=(Task(id="t1", description="\ud800"),)))


async def test_another_specialist_at_the_address_is_not_listened_to() -> None:
    async with serve_specialist(Scripted(name="behavior"), port=0) as port, opened(f"grpc://127.0.0.1:{port}") as remote:
        for call in (remote.evaluate(PLAN), remote.describe()):
            with pytest.raises(UnavailableError, match="no opinion of its own"):
                await call


async def test_calls_go_to_all_addresses_in_turn() -> None:
    specialists = [Scripted(), Scripted()]
    async with AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(serve_specialist(specialist, port=0)) for specialist in specialists]
        remote = await stack.enter_async_context(opened(f"grpc://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}"))
        await remote.describe()
        await asyncio.sleep(0.1)
        for _ in range(10):
            await remote.evaluate(PLAN)
    assert min(specialist.asked for specialist in specialists) >= 4


async def test_when_one_of_two_is_gone_the_other_answers() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = unused.getsockname()[1]
        async with serve_specialist(Scripted(), port=0) as port, opened(f"grpc://127.0.0.1:{nobody},127.0.0.1:{port}") as remote:
            for _ in range(6):
                assert await remote.evaluate(PLAN) == opinion_of("technical")


async def test_a_name_is_resolved() -> None:
    async with serve_specialist(Scripted(), port=0) as port, opened(f"grpc://localhost:{port}") as remote:
        assert await remote.evaluate(PLAN) == opinion_of("technical")


@pytest.mark.parametrize(
    "url", ["grpc://", "grpc://:50051", "grpc://host:port", "grpc://user@host:1", "grpc://a:1,b:2", "grpc://1.1.1.1:1,[::1]:2"]
)
async def test_a_url_that_cannot_be_used_is_a_setting_error(url: str) -> None:
    with pytest.raises(SettingsError, match=r"technical.*grpc://host:port"):
        async with opened(url):
            pass


async def test_a_port_that_is_taken_is_a_setting_error() -> None:
    async with serve_specialist(Scripted(), port=0) as port:
        with pytest.raises(SettingsError, match=f"port {port}"):
            async with serve_specialist(Scripted(), port=port):
                pass
