"""Language and domain of a plan whose title says neither."""

from __future__ import annotations

from neural_hive.types import Domain, GivenPlan, Language, Task, Understanding
from neural_hive.understanding import domain, language

_READ = 4_000  # characters; more adds nothing to either


def spoken_in(understanding: Understanding, given: GivenPlan) -> Language:
    """The title's language; that of the tasks where the title decides nothing."""
    if understanding.language != "und":
        return understanding.language
    found = language.detect("\n".join(task.description for task in given.tasks)[:_READ])
    if found["und"] >= max(found["pt"], found["en"]):
        return "und"
    return "pt" if found["pt"] >= found["en"] else "en"


def concerned_with(understanding: Understanding, tasks: tuple[Task, ...], notation: str) -> Domain:
    """The title's domain; that of the plan where the title states no intention."""
    if understanding.domain is not Domain.OUT_OF_SCOPE or notation == "text":
        return understanding.domain
    if notation == "tasks":
        words = "\n".join(task.description for task in tasks)[:_READ]
        found = domain.classify(words, [action for task in tasks for action in task.actions], format=notation)
    else:
        found = domain.classify(understanding.masked_text, understanding.actions, format=notation)
    return max(found, key=lambda name: (found[name], name))
