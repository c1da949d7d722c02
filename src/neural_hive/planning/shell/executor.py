"""Runs single commands: expands their words, follows calls, keeps what they leave behind."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from neural_hive.planning.shell.builtins import carry_out
from neural_hive.planning.shell.commands import program_name
from neural_hive.planning.shell.conditions import Conditions
from neural_hive.planning.shell.effects import Effect, Situation, effects_of, hypothetical
from neural_hive.planning.shell.flow import bare_exit, environment_of_assignment, heredoc_text, listing_of, made_by, redirect_effects
from neural_hive.planning.shell.frame import Frame, Gates, Span
from neural_hive.planning.shell.steps import Step, unread_part
from neural_hive.planning.shell.syntax import text_of
from neural_hive.planning.shell.targets import Place
from neural_hive.planning.shell.words import UNKNOWN, Expander, Variables, Word
from neural_hive.planning.shell.wrappers import Inner, Input
from neural_hive.planning.surroundings import environment_named, is_toy, worst
from neural_hive.types import Environment, Trait

if TYPE_CHECKING:
    from tree_sitter import Node

    from neural_hive.planning.shell.session import Session

MAX_STEPS = 600
_MAX_DEPTH = 6
_MAX_CALLS = 8
_CHOOSING = frozenset({"kubectl", "oc", "kubectx", "gcloud", "terraform", "tofu", "az", "aws", "docker", "minikube", "kind"})
_CHOICE = re.compile(r"\b(use-context|use|set|select|get-credentials|set-context|context|project)\b")


class Executor:
    """The state of one script and its single commands.

    Args:
        session: What is shared with nested scripts: environment, comments, budget.
        depth: How deep this script is nested in others.
    """

    def __init__(self, session: Session, depth: int = 0) -> None:
        self.session = session
        self.depth = depth
        self.variables = Variables()
        self.expander = Expander(self.variables, self)
        self.conditions = Conditions(self.expander)
        self.steps: list[Step] = []
        self.unread = 0
        self.silent = self.ended = self.errexit = self.pipefail = False
        self.functions: dict[str, Node] = {}
        self.traps: list[tuple[str, Span]] = []
        self.created: set[str] = set()
        self.folder, self.folder_certain = "", True
        self.approvals: tuple[str, ...] = ()
        self.kept: Gates = ()
        self.loop_sources: tuple[str, ...] = ()
        self._calls: list[tuple[Node, bool]] = []
        self._nested: list[Effect] = []

    def block(self, nodes: list[Node], gates: Gates) -> Gates:
        """Run statements in order; given by the interpreter."""
        raise NotImplementedError

    def run(self, source: bytes) -> None:
        """Read a whole script; given by the interpreter."""
        raise NotImplementedError

    def keep(self, steps: Gates) -> None:
        """From here on nothing runs unless these steps succeeded."""
        self.kept = (*self.kept, *(step for step in steps if step not in self.kept))

    def emit(self, span: Span, effects: tuple[Effect, ...], frame: Frame, *, trusted: bool = True) -> Gates:
        """Record a step; the step's number as what its success implies."""
        if not effects:
            return ()
        number = len(self.steps)
        gates = tuple(dict.fromkeys((*frame.gates, *self.kept)))
        self.steps.append(Step(span[0], span[1], effects, gates, trusted, self.approvals))
        if self.errexit and not frame.checked:
            self.keep((number,))
        return (number,)

    # variables

    def assign(self, node: Node, frame: Frame) -> Gates:
        """`A=1`, `export A=1`: what its substitutions do counts as a step."""
        assignments = (
            [node]
            if node.type == "variable_assignment"
            else [child for child in node.named_children if child.type == "variable_assignment"]
        )
        self._nested = []
        for assignment in assignments:
            self._assign_one(assignment)
        return self.emit((node.start_byte, node.end_byte), tuple(self._nested), frame)

    def _assign_one(self, node: Node) -> None:
        children = node.named_children
        if not children:
            return
        name = text_of(children[0].children[0] if children[0].type == "subscript" and children[0].children else children[0])
        if len(children) > 1 and children[1].type == "array":
            self.variables.arrays[name] = tuple(word for child in children[1].named_children for word in self.expander.words(child))
            return
        value = self.expander.word(children[1]) if len(children) > 1 else Word("")
        if "+=" in [child.type for child in node.children]:
            value = replace(value, text=(self.variables.values.get(name) or Word("")).text + value.text)
        self.variables.values[name] = replace(value, glob=False)
        self.session.environment = worst(self.session.environment, environment_of_assignment(name, value.text))

    def unset(self, node: Node, frame: Frame) -> Gates:
        """`unset A`."""
        del frame
        for child in node.named_children:
            self.variables.values[text_of(child)] = Word("")
        return ()

    # substitution

    def substitute(self, node: Node) -> Word:
        """What `$(...)` would print; its commands count among the effects of the statement."""
        return self.session.substitution(self, node)

    def abort(self) -> None:
        """`${X:?}` of an empty variable: nothing from here on runs."""
        self.ended = True

    def child(self, session: Session, *, isolated: bool = False) -> Executor:
        """A run for a script nested in this one."""
        nested = type(self)(session, self.depth + 1)
        if not isolated:
            nested.variables.values.update(self.variables.values)
            nested.variables.arguments = self.variables.arguments
            nested.functions, nested.created = self.functions, self.created
            nested.folder, nested.folder_certain = self.folder, self.folder_certain
        return nested

    def substituted(self, nodes: list[Node]) -> Executor:
        """A run over the commands of a substitution, with the variables of this point."""
        nested = self.child(self.session)
        if self.depth < _MAX_DEPTH:
            nested.block(nodes, ())
        if nodes and (self.depth >= _MAX_DEPTH or len(nested.steps) > MAX_STEPS):
            nested.steps.append(Step(nodes[0].start_byte, nodes[-1].end_byte, (unread_part("\n".join(map(text_of, nodes))),)))
        return nested

    def note(self, effects: tuple[Effect, ...]) -> None:
        """Count effects of a substitution to the statement around it."""
        self._nested.extend(effect for effect in effects if not effect.action.has(Trait.READ_ONLY))

    def run_shell(self, source: str, inner: Inner) -> tuple[Effect, ...]:
        """The effects of a script that a command of this one runs."""
        nested = self.child(self.session.nested(inner), isolated=inner.isolated)
        nested.run(source.encode("utf-8", "replace"))
        return self.session.collected(nested)

    # commands

    def simple(self, node: Node, frame: Frame, span: Span) -> Gates:
        """One command with its redirections."""
        first = node.child_by_field_name("name")
        if first is None and node.type == "command":
            return self.assign(node, frame)
        if first is not None and text_of(first) in self.functions and len(self._calls) < _MAX_CALLS:
            return self._call(text_of(first), node, frame, span)
        words, effects = self.command_effects(node, frame.redirects, Input(), [])
        if self.ended and any(":?" in text_of(child) for child in node.children):
            return self.emit(span, as_hypothetical(effects), frame.tested())
        if words and carry_out(self, words, node):
            return self.emit(span, tuple(self._nested), frame)
        return self.emit(self._place_of(words, span), effects, frame)

    def _place_of(self, words: tuple[Word, ...], span: Span) -> Span:
        """A function that runs its arguments does so in the name of its caller."""
        if not self._calls or not any(word.from_arguments for word in words[:1]):
            return span
        caller, _ = self._calls[-1]
        self._calls[-1] = (caller, True)
        return caller.start_byte, caller.end_byte

    def command_effects(
        self, node: Node, redirects: tuple[Node, ...], given: Input, upstream: list[tuple[Word, ...]]
    ) -> tuple[tuple[Word, ...], tuple[Effect, ...]]:
        """The words of a command and what it would do."""
        self._nested = []
        words: list[Word] = []
        for child in node.named_children:
            if child.type == "variable_assignment":
                self.session.note_prefix(text_of(child))
            elif child.type.endswith("redirect"):
                redirects = (*redirects, child)
            elif child.type != "comment":
                words.extend(self.expander.words(child))
        text = heredoc_text(redirects, self.expander)
        situation = self.situation(replace(given, text=text) if text is not None else given, upstream)
        line, nested = tuple(words), tuple(self._nested)
        produced = (*nested, *effects_of(line, situation), *redirect_effects(redirects, self.expander, situation, silent=_is_silent(line)))
        self._nested = list(nested)
        self._after(line)
        return line, produced

    def situation(self, given: Input, upstream: list[tuple[Word, ...]] | None = None) -> Situation:
        """The circumstances in which a command at this point runs."""
        place = Place(
            folder=self.folder,
            folder_certain=self.folder_certain,
            created=frozenset(self.created),
            comments=self.session.comments,
            disposable=self.session.disposable,
        )
        listing, listed = listing_of(upstream or [], place)
        return Situation(
            place=place,
            environment=self.session.current(),
            given=given,
            toy=self.session.toy,
            depth=self.depth,
            listing=listing,
            listed=listed,
            piped_sensitivity=self.session.piped,
            connection=self.session.connection,
            run_shell=self.run_shell,
            run_sql=self.session.run_sql,
        )

    def _call(self, name: str, node: Node, frame: Frame, span: Span) -> Gates:
        body = self.functions[name]
        arguments = tuple(
            word for child in node.named_children[1:] if not child.type.endswith("redirect") for word in self.expander.words(child)
        )
        saved, before = self.variables.arguments, len(self.steps)
        self.variables.arguments = arguments
        self._calls.append((node, False))
        success = self.block(list(body.named_children), frame.gates)
        _, executed = self._calls.pop()
        self.variables.arguments = saved
        if self.ended and not bare_exit(body, {}):
            self.ended = False
        if arguments and not executed and re.search(r"\$[@*]|\$\{[@*]", text_of(body)):
            del self.steps[before:]
            self.kept = tuple(step for step in self.kept if step < before)
            return self.emit(span, as_hypothetical(effects_of(arguments, self.situation(Input()))), frame.tested())
        return success

    def _after(self, words: tuple[Word, ...]) -> None:
        """Remember what the command leaves behind: folders made, contexts chosen."""
        if not words:
            return
        texts = [word.text for word in words]
        name = program_name(texts[0])
        self.created.update(made_by(name, texts[1:]))
        if name in _CHOOSING and _CHOICE.search(" ".join(texts[1:3])):
            chosen = environment_named(" ".join(texts[2:]))
            self.session.chosen = chosen if chosen is not Environment.UNKNOWN else self.session.chosen
            self.session.toy = is_toy(" ".join(texts[2:]))

    def unknown_argument(self) -> Word:
        """A value typed or piped in at run time."""
        return Word(UNKNOWN, maybe_empty=not self.loop_sources)


def as_hypothetical(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """The effects as ones that are only spoken of; they guard nothing."""
    return tuple(
        replace(effect, guard="", action=effect.action if effect.action.has(Trait.READ_ONLY) else hypothetical(effect.action))
        for effect in effects
    )


def _is_silent(words: tuple[Word, ...]) -> bool:
    """Whether a command prints nothing, so that redirecting it empties the file."""
    texts = [word.text for word in words]
    if not texts or texts[0] in (":", "true") or texts == ["cat", "/dev/null"]:
        return True
    return texts[0] in ("echo", "printf") and len("".join(texts[1:])) <= 2
