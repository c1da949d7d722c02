"""A text with its tokens and hits, and the questions that readers ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from neural_hive.types import Evidence
from neural_hive.understanding.clauses import SENTENCE, Clause
from neural_hive.understanding.lexicon import Hit
from neural_hive.understanding.tokens import Token

_ASIDES = ("environment", "timing", "safeguard", "cue:reassurance", "cue:judge", "cue:deny", "cue:politeness")


class Words:
    """One text being read."""

    def __init__(self, text: str, tokens: Sequence[Token], hits: Sequence[Hit], task_id: str, language: str) -> None:
        self.text = text
        self.tokens = tokens
        self.task_id = task_id
        self.language = "en" if language == "en" else "pt"
        self.by_group: dict[str, list[Hit]] = {}
        for hit in hits:
            self.by_group.setdefault(hit.group, []).append(hit)
        self.qualifiers = sorted(group for group in self.by_group if group.startswith("qualifier:"))

    @cached_property
    def asides(self) -> frozenset[int]:
        """Places of circumstances, protections and praise: they make no act harder to read."""
        hits = (hit for group, found in self.by_group.items() if group in _ASIDES or group.startswith("qualifier:") for hit in found)
        places = {place for hit in hits for place in range(hit.start, min(hit.end, hit.start + hit.words))}
        return frozenset(places.union(*self._praising()))

    def _praising(self) -> Iterator[range]:
        """What stands between pauses and praises without doing anything."""
        praise = [hit.start for hit in self.by_group.get("cue:reassurance", ())]
        acts = [hit.start for hit in self.by_group.get("operation", ()) if hit.start not in praise]
        starts = [place for place, token in enumerate(self.tokens) if place == 0 or token.gap] if praise else []
        for start, end in zip(starts, [*starts[1:], len(self.tokens)], strict=bool(starts)):
            stretch = range(start, end)
            if any(place in stretch for place in praise) and not any(place in stretch for place in acts):
                yield stretch

    def has(self, group: str) -> bool:
        """Whether the group occurs anywhere."""
        return group in self.by_group

    def within(self, clause: Clause, group: str) -> Iterator[Hit]:
        """Hits of a group that begin inside a clause."""
        return (hit for hit in self.by_group.get(group, ()) if clause.start <= hit.start < clause.end)

    def any_within(self, clause: Clause, group: str) -> bool:
        """Whether a hit of the group begins inside the clause."""
        return any(True for _ in self.within(clause, group))

    def near_before(self, place: int, group: str, distance: int, floor: int) -> Hit | None:
        """The last hit of a group that ends at most `distance` tokens before `place`, not before `floor`."""
        found = None
        for hit in self.by_group.get(group, ()):
            if hit.start >= floor and hit.end <= place and place - hit.end <= distance:
                found = hit
        return found

    def sentence_of(self, place: int) -> int:
        """Which sentence a token stands in, counted from 0."""
        return sum(token.gap == SENTENCE for token in self.tokens[: place + 1]) - 1

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Character span of a range of tokens."""
        return self.tokens[start].start, self.tokens[end - 1].end

    def quote(self, start: int, end: int) -> str:
        """The characters of a range of tokens."""
        first, last = self.span(start, end)
        return self.text[first:last]

    def evidence(self, hit: Hit) -> Evidence:
        """A hit as evidence."""
        start, end = self.span(hit.start, hit.end)
        return Evidence(task_id=self.task_id, start=start, end=end, quote=self.text[start:end])
