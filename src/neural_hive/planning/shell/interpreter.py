"""Walks a script as the shell would: lists, pipes, branches, groups, functions, traps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from neural_hive.planning.shell.branches import run_case, run_for, run_if, run_while
from neural_hive.planning.shell.commands import program_name
from neural_hive.planning.shell.executor import MAX_STEPS, Executor, as_hypothetical
from neural_hive.planning.shell.flow import bare_exit, carried_sensitivity, input_of, is_pipe_failure_safe, redirect_effects
from neural_hive.planning.shell.frame import Frame, Gates
from neural_hive.planning.shell.steps import Step, unread_part
from neural_hive.planning.shell.syntax import parse, text_of
from neural_hive.planning.shell.wrappers import Inner, Input

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from neural_hive.planning.shell.effects import Effect
    from neural_hive.planning.shell.words import Word


class Interpreter(Executor):
    """One run over one script; afterwards `steps` holds what it would do."""

    def run(self, source: bytes) -> None:
        """Read a whole script."""
        root = parse(source)
        self.silent = any(child.type not in ("comment", "ERROR") for child in root.named_children)
        first = source[:80].splitlines()[:1]
        self.errexit = bool(first and first[0].startswith(b"#!") and re.search(rb"\s-\w*e", first[0]))
        try:
            self._whole(root)
        except RecursionError:
            # Nesting deeper than the interpreter's own stack: what was not reached is unknown, never safe.
            self.session.budget.left = 0
        if self.session.budget.exhausted or len(self.steps) > MAX_STEPS:
            self._cut_short(source)

    def _cut_short(self, source: bytes) -> None:
        """What comes after the last step that was walked is one act that nobody read."""
        reached = max((step.end for step in self.steps), default=0)
        rest = source[reached:] if source[reached:].strip() else source
        self.unread += sum(bool(line.strip()) for line in rest.splitlines())
        self.steps.append(Step(len(source) - len(rest), len(source), (unread_part(rest.decode("utf-8", "replace")),)))

    def _whole(self, root: Node) -> None:
        self.block(list(root.named_children), ())
        for body, span in self.traps:
            self.ended = False
            self._trapped(body.strip(), span)
        if not self.steps:
            self._uncalled()

    def _trapped(self, body: str, span: tuple[int, int]) -> None:
        if body in self.functions:
            self.block(list(self.functions[body].named_children), ())
        else:
            self.emit(span, self.run_shell(body, Inner(kind="shell")), Frame(checked=True))

    def _uncalled(self) -> None:
        """Functions of a script that does nothing else: what they would do if called."""
        for body in self.functions.values():
            self.ended = False
            self.block(list(body.named_children), ())
        for step in self.steps:
            step.effects = as_hypothetical(step.effects)

    def block(self, nodes: list[Node], gates: Gates) -> Gates:
        """Run statements in order; the steps that the success of the last one implies."""
        success: Gates = ()
        for node in nodes:
            if self.ended or self.session.budget.exhausted or len(self.steps) > MAX_STEPS:
                break
            success = self.statement(node, Frame((*gates, *self.kept)))
        return success

    def statement(self, node: Node, frame: Frame) -> Gates:
        """Run one statement; the steps whose success its own success implies."""
        self.session.budget.spend()
        handler = _HANDLERS.get(node.type)
        return handler(self, node, frame) if handler is not None else self._other(node, frame)

    def _other(self, node: Node, frame: Frame) -> Gates:
        self.unread += node.type == "ERROR"
        for child in node.named_children:
            if child.type in _HANDLERS or child.type == "ERROR":
                self.statement(child, frame.tested())
        return ()

    def branch(self, nodes: list[Node], gates: Gates) -> bool:
        """Run a branch that may not be taken; whether it ends the script."""
        kept = self.kept
        self.block(nodes, gates)
        ended, self.ended = self.ended, False
        self.kept = kept
        return ended

    def chain(self, node: Node, frame: Frame) -> Gates:
        """`a && b || c`."""
        first, rest = _spine(node)
        truth = self.conditions.truth(first)
        success = self.statement(first, frame.tested())
        left = first
        for at, (operator, right, whole) in enumerate(rest):
            if len(self.steps) > MAX_STEPS:
                break
            if truth is not (operator == "||"):
                inner = frame if at == len(rest) - 1 else frame.tested()
                success = self._and(_last(left), right, success, inner) if operator == "&&" else self._or(left, right, success, inner)
                truth = self.conditions.truth(right) if truth is not None else None
            left = whole
        return success

    def _and(self, left: Node, right: Node, success: Gates, frame: Frame) -> Gates:
        with self.conditions.assumed(left):
            return (*success, *self.statement(right, frame.after(success)))

    def _or(self, left: Node, right: Node, success: Gates, frame: Frame) -> Gates:
        if bare_exit(right, self.functions):
            self.keep(success)
            self.conditions.learn(left, holds=True)
            self.note_approval(left)
            return success
        self.statement(right, frame)
        return ()

    def note_approval(self, node: Node) -> None:
        """A test of what a person typed, whose failure ends the script, is an approval."""
        if any(re.search(rf"\${{?{re.escape(name)}\b", text_of(node)) for name in self.conditions.asked):
            self.approvals = ("approval",)

    def pipeline(self, node: Node, frame: Frame) -> Gates:
        """`a | b | c`: one step with the actions of all its commands."""
        effects: list[Effect] = []
        sources: list[tuple[Word, ...]] = []
        stages = [child for child in node.named_children if child.type != "comment"]
        for stage in stages:
            body, own = _unredirected(stage)
            if body.type not in ("command", "test_command", "variable_assignment"):
                self._fed(stage, sources, frame)
                continue
            last = frame.redirects if stage is stages[-1] else ()
            words, produced = self.command_effects(body, (*own, *last), input_of(sources), sources)
            effects.extend(produced)
            sources.append(words)
            self.session.piped = max(self.session.piped, carried_sensitivity(words, produced))
        self.session.piped = 0.0
        trusted = self.pipefail or is_pipe_failure_safe(sources, effects)
        return self.emit((node.start_byte, node.end_byte), tuple(effects), frame, trusted=trusted)

    def _fed(self, stage: Node, sources: list[tuple[Word, ...]], frame: Frame) -> None:
        """A loop or group behind a pipe."""
        self.loop_sources = tuple(program_name(words[0].text) for words in sources if words)
        self.statement(stage, frame.tested())
        self.loop_sources = ()

    def redirected(self, node: Node, frame: Frame) -> Gates:
        """A statement with redirections; they belong to its last command."""
        body, own = _unredirected(node)
        span = (node.start_byte, node.end_byte)
        if body is node:
            return self.emit(span, redirect_effects(own, self.expander, self.situation(Input()), silent=True), frame)
        if body.type == "command":
            return self.simple(body, frame.redirected(own), span)
        return self.statement(body, frame.redirected(own))

    def negated(self, node: Node, frame: Frame) -> Gates:
        """`! a`: its success says nothing about the success of `a`."""
        for child in node.named_children:
            self.statement(child, frame.tested())
        return ()

    def group(self, node: Node, frame: Frame) -> Gates:
        """`{ a; b; }` and the body of a function or loop."""
        if node.children and node.children[0].type == "((":
            return ()
        kept, errexit = self.kept, self.errexit
        self.errexit = errexit and not frame.checked
        success = self.block(list(node.named_children), frame.gates)
        self.kept = kept if frame.checked else self.kept
        self.errexit = errexit
        return success

    def subshell(self, node: Node, frame: Frame) -> Gates:
        """`( a; b )`: what it sets does not reach the outside."""
        variables, folder, kept = self.variables.copy(), (self.folder, self.folder_certain), self.kept
        success = self.group(node, frame)
        self.variables.restore(variables)
        self.folder, self.folder_certain = folder
        self.kept, self.ended = kept, False
        return success

    def define(self, node: Node, frame: Frame) -> Gates:
        """A function definition: nothing runs yet."""
        del frame
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self.functions[text_of(name)] = body
        return ()

    def test(self, node: Node, frame: Frame) -> Gates:
        """A test: it does nothing but decide."""
        del node, frame
        return ()

    def command(self, node: Node, frame: Frame) -> Gates:
        """One command."""
        return self.simple(node, frame, (node.start_byte, node.end_byte))


def _spine(node: Node) -> tuple[Node, list[tuple[str, Node, Node]]]:
    """A chain of `&&` and `||`: its first statement, then each operator, right side and list so far."""
    rest: list[tuple[str, Node, Node]] = []
    while node.type == "list":
        operator = next((child.type for child in node.children if child.type in ("&&", "||")), "&&")
        rest.append((operator, node.named_children[-1], node))
        node = node.named_children[0]
    return node, rest[::-1]


def _last(node: Node) -> Node:
    """The statement of a chain whose success was tested last."""
    return node.named_children[-1] if node.type == "list" else node


def _unredirected(node: Node) -> tuple[Node, tuple[Node, ...]]:
    if node.type != "redirected_statement":
        return node, ()
    redirects = tuple(child for child in node.named_children if child.type.endswith("redirect"))
    body = next((child for child in node.named_children if not child.type.endswith("redirect")), node)
    return body, redirects


_HANDLERS: dict[str, Callable[[Interpreter, Node, Frame], Gates]] = {
    "list": Interpreter.chain,
    "pipeline": Interpreter.pipeline,
    "redirected_statement": Interpreter.redirected,
    "negated_command": Interpreter.negated,
    "compound_statement": Interpreter.group,
    "do_group": Interpreter.group,
    "subshell": Interpreter.subshell,
    "if_statement": run_if,
    "while_statement": run_while,
    "for_statement": run_for,
    "c_style_for_statement": run_while,
    "case_statement": run_case,
    "function_definition": Interpreter.define,
    "test_command": Interpreter.test,
    "variable_assignment": Interpreter.assign,
    "variable_assignments": Interpreter.assign,
    "declaration_command": Interpreter.assign,
    "unset_command": Interpreter.unset,
    "command": Interpreter.command,
}
