"""Branches and loops of a script; a branch that cannot be decided counts as taken."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from neural_hive.planning.shell.syntax import text_of
from neural_hive.planning.shell.words import UNKNOWN, Word
from neural_hive.types import Action

if TYPE_CHECKING:
    from tree_sitter import Node

    from neural_hive.planning.shell.frame import Frame, Gates
    from neural_hive.planning.shell.interpreter import Interpreter

_MAX_ROUNDS = 6  # of a loop that are shown even if they are alike
_MAX_VALUES = 100


def run_if(shell: Interpreter, node: Node, frame: Frame) -> Gates:
    """An if statement with its elif and else branches."""
    _clause(shell, list(node.children), frame)
    return ()


def _clause(shell: Interpreter, children: list[Node], frame: Frame) -> None:
    then = next((at for at, child in enumerate(children) if child.type == "then"), len(children))
    conditions = [child for child in children[1:then] if child.is_named and child.type != "comment"]
    rest = [child for child in children[then + 1 :] if child.type in ("elif_clause", "else_clause")]
    body = [child for child in children[then + 1 :] if child.is_named and child not in rest]
    if not conditions:
        return
    condition = conditions[-1]
    before = len(shell.steps)
    steps: Gates = ()
    for each in conditions:
        steps = shell.statement(each, frame.tested())
    tried = tuple(range(before, len(shell.steps)))
    truth = shell.conditions.truth(condition)
    ended = truth is not False and _taken(shell, condition, body, (*frame.gates, *steps))
    if truth is not True:
        _otherwise(shell, rest, frame, steps)
    elif ended:
        shell.ended = True
    if ended and truth is None:
        shell.conditions.learn(condition, holds=False)
        shell.note_approval(condition)
        if text_of(condition).startswith("!"):
            shell.keep(tried)


def _taken(shell: Interpreter, condition: Node, body: list[Node], gates: Gates) -> bool:
    with shell.conditions.assumed(condition):
        return shell.branch(body, gates)


def _otherwise(shell: Interpreter, rest: list[Node], frame: Frame, steps: Gates) -> None:
    for at, clause in enumerate(rest):
        if clause.type == "elif_clause":
            _clause(shell, [*clause.children, *rest[at + 1 :]], frame)
            return
        if shell.branch([child for child in clause.named_children if child.type != "comment"], frame.gates):
            shell.keep(steps)


def run_while(shell: Interpreter, node: Node, frame: Frame) -> Gates:
    """A while, until or C-style for loop: its body runs once."""
    body = next((child for child in node.named_children if child.type in ("do_group", "compound_statement")), None)
    conditions = [child for child in node.named_children if child is not body and child.type != "comment"]
    steps: Gates = ()
    for condition in conditions:
        steps = shell.statement(condition, frame.tested())
    never = bool(conditions) and shell.conditions.truth(conditions[0]) is (node.children[0].type == "until")
    if body is not None and not never:
        _body(shell, body, (*frame.gates, *steps))
    return ()


def run_for(shell: Interpreter, node: Node, frame: Frame) -> Gates:
    """A for loop: its body runs for each known value; later rounds count only where they do something else."""
    children = node.named_children
    body = next((child for child in children if child.type in ("do_group", "compound_statement")), None)
    if body is None:
        return ()
    values = [word for child in children[1:] if child != body for word in shell.expander.words(child)]
    if not values and "in" in [child.type for child in node.children]:
        return ()
    values = values if 0 < len(values) <= _MAX_VALUES else [*values[:_MAX_VALUES], Word(UNKNOWN)]
    seen: set[Action] = set()
    for number, value in enumerate(values):
        if children[0].type == "variable_name":
            shell.variables.values[text_of(children[0])] = value
        first = len(shell.steps)
        _body(shell, body, frame.gates)
        kinds = {_kind(effect.action) for step in shell.steps[first:] for effect in step.effects}
        if number >= _MAX_ROUNDS and kinds <= seen:
            del shell.steps[first:]
        seen |= kinds
    return ()


def _kind(action: Action) -> Action:
    """The act without the words that differ from round to round."""
    return replace(action, target="", text="", start=0, end=0)


def _body(shell: Interpreter, body: Node, gates: Gates) -> None:
    kept, ended = shell.kept, shell.ended
    shell.block(list(body.named_children), gates)
    shell.kept, shell.ended = kept, ended


def run_case(shell: Interpreter, node: Node, frame: Frame) -> Gates:
    """A case statement: the chosen item, or every item that may be chosen."""
    subject = shell.expander.word(node.named_children[0]) if node.named_children else Word(UNKNOWN)
    for item in node.named_children[1:]:
        if item.type != "case_item":
            continue
        patterns = item.children_by_field_name("value") or item.named_children[:1]
        chosen = shell.conditions.case_matches(subject, [text_of(pattern) for pattern in patterns])
        if chosen is not False:
            shell.branch([child for child in item.named_children if child not in patterns], frame.gates)
        if chosen is True:
            break
    return ()
