"""Decisions as parameters of the statements, and lineage from what they return.

A task is addressed by its place in the plan: its id is the caller's, of any length, and an index holds only so much.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from neural_hive.graph.ranking import title_of
from neural_hive.graph.shape import shape_of
from neural_hive.types import Action, Decision, Plan, Task


def shape_id(hive: str, shape: Iterable[str]) -> str:
    """The address of a shape: 32 hexadecimal digits, so that any index holds it; it differs from hive to hive."""
    return hashlib.blake2b("\n".join((hive, *shape)).encode(), digest_size=16).hexdigest()


def decision_row(hive: str, decision: Decision) -> dict[str, Any]:
    """An entry of `REMEMBER`."""
    plan, shape = decision.plan, shape_of(decision.plan)
    known = shape_id(hive, shape) if shape else None
    return {
        "id": decision.decision_id,
        "decision": {
            "created_at": decision.created_at,
            "title": title_of(plan),
            "verdict": decision.verdict.value,
            "harm_probability": decision.harm_probability,
            "precedents": [precedent.decision_id for precedent in decision.precedents],
            "shape": known,
        },
        "intent_id": decision.intent_id,
        "intent": {"title": plan.title, "language": plan.language, "domain": plan.domain.value},
        "plan": {"format": plan.format},
        "tasks": _tasks(decision.decision_id, plan),
        "acts": [
            {"id": act, "operation": action.operation, "object": action.object, "environment": action.environment.value}
            for act, action in {_act(action): action for action in plan.actions}.items()
        ],
        "dependencies": _dependencies(decision.decision_id, plan),
        "shapes": [{"id": known, "features": list(shape)}] if shape else [],
        "precedents": [{"id": precedent.decision_id, "similarity": precedent.similarity} for precedent in decision.precedents],
    }


def outcome_row(decision_id: str, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `REMEMBER_OUTCOME`, except `hive`."""
    whole = msgspec.json.encode(outcome).decode()
    properties = {"decision_id": decision_id, "schema": str(outcome.get("schema", "")), "whole": whole}
    return {"decision_id": decision_id, "id": str(outcome["id"]), "outcome": properties}


def lineage_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What `LINEAGE` found, in the words of the port."""
    decision, intent, plan = row["decision"], row["intent"], row["plan"]
    return {
        "intent": {"intent_id": intent["id"], **{name: intent[name] for name in ("title", "language", "domain")}},
        "plan": {
            "format": plan["format"],
            "tasks": [
                {"id": task["name"], "description": task["description"], "dependencies": task["dependencies"]} for task in row["tasks"]
            ],
        },
        "actions": [msgspec.json.decode(whole) for whole in row["actions"]],
        "decision": {
            "decision_id": decision["id"],
            **{name: decision[name] for name in ("created_at", "verdict", "harm_probability", "precedents")},
        },
        "outcomes": [msgspec.json.decode(whole) for whole in row["outcomes"]],
    }


def _tasks(decision_id: str, plan: Plan) -> list[dict[str, Any]]:
    rows, done = [], 0
    for position, task in enumerate(plan.tasks):
        actions = [_action(decision_id, done + number, action) for number, action in enumerate(task.actions)]
        done += len(actions)
        rows.append({"id": f"{decision_id}/{position}", "properties": _task(position, task), "actions": actions})
    return rows


def _dependencies(decision_id: str, plan: Plan) -> list[list[str]]:
    positions = {task.id: position for position, task in enumerate(plan.tasks)}
    return [
        [f"{decision_id}/{position}", f"{decision_id}/{positions[before]}"]
        for position, task in enumerate(plan.tasks)
        for before in task.dependencies
        if before in positions
    ]


def _task(position: int, task: Task) -> dict[str, Any]:
    return {"position": position, "name": task.id, "description": task.description, "dependencies": list(task.dependencies)}


def _action(decision_id: str, position: int, action: Action) -> dict[str, Any]:
    return {
        "id": f"{decision_id}#{position}",
        "act": _act(action),
        "properties": {
            "position": position,
            "operation": action.operation,
            "object": action.object,
            "environment": action.environment.value,
            "polarity": action.polarity.value,
            "text": action.text,
            "target": action.target,
            "whole": msgspec.json.encode(action).decode(),
        },
    }


def _act(action: Action) -> str:
    return f"{action.operation}/{action.object}/{action.environment.value}"
