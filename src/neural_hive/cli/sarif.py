"""An answer as SARIF 2.1.0, which code hosts show beside the lines that it speaks of.

One result for each veto and for each factor that counts, with the region of its words in the file.
OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 2020.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from neural_hive import __version__
from neural_hive.cli import parts
from neural_hive.cli.inputs import Source
from neural_hive.cli.places import Places
from neural_hive.messages import text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_STRONG = 0.5  # a factor from here on is a warning
_LEVELS = {"approve": "none", "conditional": "note", "review_required": "warning", "reject": "error"}

Json = dict[str, Any]


def sarif(answer: parts.Answer, language: str, source: Source) -> str:
    """The answer as one SARIF log.

    Args:
        answer: The public form of a decision.
        language: "pt" or "en".
        source: The text that was judged; its name becomes the place of the results.
    """
    results = list(_results(answer, language, source))
    rules = {result["ruleId"]: result.pop("_rule") for result in results}
    numbers = {name: number for number, name in enumerate(sorted(rules))}
    for result in results:
        result["ruleIndex"] = numbers[result["ruleId"]]
    run = {
        "tool": {"driver": _driver([rules[name] for name in numbers])},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": results,
        "properties": _properties(answer),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _driver(rules: list[Json]) -> Json:
    return {"name": "neural-hive-mind", "semanticVersion": __version__, "version": __version__, "rules": rules}


def _properties(answer: parts.Answer) -> Json:
    names = ("decision_id", "verdict", "harm_probability", "confidence", "divergence", "receipt")
    return {name: answer[name] for name in names}


def _results(answer: parts.Answer, language: str, source: Source) -> Iterator[Json]:
    places = Places(source, answer["plan"]["tasks"])
    for name, opinion in sorted((answer.get("opinions") or {}).items()):
        who = parts.specialist_name(name, language)
        if opinion["vetoes"]:
            words = ", ".join(f"“{item['quote']}”" for item in opinion["vetoes"])
            message = text("cli.veto", language, specialist=who, words=words)
            rule = _rule(f"{name}/veto", text("cli.veto_rule", language, specialist=who))
            yield _result(rule, "error", message, opinion["vetoes"], places)
        for factor in parts.reasons(opinion):
            level = "warning" if factor["score"] >= _STRONG else "note"
            title = f"{who}: {factor['name'].replace('_', ' ')}"
            message = f"{factor['sentence']} ({parts.percent(factor['score'])})"
            yield _result(_rule(f"{name}/{factor['name']}", title), level, message, factor["evidence"], places)
    yield _summary(answer, language)


def _summary(answer: parts.Answer, language: str) -> Json:
    """The verdict itself, so that a viewer shows it too."""
    verdict = answer["verdict"]
    level = _LEVELS[verdict]
    message = f"{parts.verdict_word(verdict, language)}. {parts.explanation(answer, language)}"
    return {
        "ruleId": "hive/verdict",
        "level": level,
        **({"kind": "pass"} if level == "none" else {}),
        "message": {"text": message},
        "_rule": _rule("hive/verdict", text("cli.verdict_rule", language)),
    }


def _rule(name: str, title: str) -> Json:
    return {"id": name, "shortDescription": {"text": title}}


def _result(rule: Json, level: str, message: str, evidence: list[Mapping[str, Any]], places: Places) -> Json:
    name = rule["id"]
    mark = sha256("\n".join([name, *(item["quote"] for item in evidence)]).encode()).hexdigest()
    return {
        "ruleId": name,
        "level": level,
        "message": {"text": message},
        "locations": [_location(item, places) for item in evidence[:1]],
        "relatedLocations": [{"id": number, **_location(item, places)} for number, item in enumerate(evidence[1:20], 1)],
        "partialFingerprints": {"neuralHive/v1": mark},
        "_rule": rule,
    }


def _location(evidence: Mapping[str, Any], places: Places) -> Json:
    found: Json = {"logicalLocations": [{"name": evidence["task_id"] or "intent", "kind": "object"}]}
    if not places.file:
        return found
    physical: Json = {"artifactLocation": {"uri": _uri(places.file)}}
    region = places.region(evidence)
    if region is not None:
        physical["region"] = {**region, "snippet": {"text": evidence["quote"]}}
    return {"physicalLocation": physical, **found}


def _uri(path: str) -> str:
    """A relative path as a URI reference; an absolute one as a file URI."""
    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix().removeprefix("./"))
