"""Walks a script as the shell would: variables, branches, functions, pipes, traps."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from neural_hive.planning.shell.branches import run_case, run_for, run_if, run_while
from neural_hive.planning.shell.commands import program_name
from neural_hive.planning.shell.conditions import Conditions
from neural_hive.planning.shell.effects import Effect, Situation, effects_of, hypothetical
from neural_hive.planning.shell.flow import bare_exit, carried_sensitivity, environment_of_assignment, heredoc_text, input_of, is_pipe_failure_safe, listing_of, redirect_effects
from neural_hive.planning.shell.steps import UNREAD, Step
from neural_hive.planning.shell.syntax import parse, text_of
from neural_hive.planning.shell.targets import Place
from neural_hive.planning.shell.words import UNKNOWN, Expander, Variables, Word
from neural_hive.planning.shell.wrappers import Inner, Input
from neural_hive.planning.surroundings import environment_named, is_toy, worst
from neural_hive.types import Action, Environment, Trait

if TYPE_CHECKING:
    from tree_sitter import Node

    from neural_hive.planning.shell.flow import Session

Gates = tuple[int, ...]
_MAX_STEPS = 600
_MAX_DEPTH = 6


class Interpreter:
    """One run over one script.

    Args:
        session: What is shared with nested scripts: environment, comments, depth.
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
        self.silent = False
        self._functions: dict[str, Node] = {}
        self._calls: list[tuple[Node, bool]] = []
        self._created: set[str] = set()
        self._folder, self._folder_certain = "", True
        self._errexit = self._pipefail = self.ended = False
        self._traps: list[str] = []
        self._nested: list[Effect] = []
        self._approvals: tuple[str, ...] = ()
        self.kept: Gates = ()
        self.loop_sources: tuple[str, ...] = ()

    def run(self, source: bytes) -> None:
        """Read a whole script; afterwards `steps` holds what it would do."""
        root = parse(source)
        self.silent = any(child.type not in ("comment", "ERROR") for child in root.named_children)
        first = source[:80].splitlines()[:1]
        if first and first[0].startswith(b"#!") and re.search(rb"\s-\w*e", first[0]):
            self._errexit = True
        try:
            self._whole(root)
        except RecursionError:
            # Nesting deeper than the interpreter's own stack: what was not reached is unknown, never safe.
            self.session.budget.left = 0
        if self.session.budget.exhausted or len(self.steps) > _MAX_STEPS:
            self.unread += 1
            self.steps.append(Step(0, len(source), (UNREAD,)))

    def _whole(self, root: Node) -> None:
        self.block(list(root.named_children), ())
        for body in self._traps:
            self.ended = False
            self._trap(body, root)
        self._uncalled()

    # statements -------------------------------------------------------------------------------

    def block(self, nodes: list[Node], gates: Gates) -> Gates:
        success: Gates = ()
        for node in nodes:
            if self.ended or self.session.budget.exhausted or len(self.steps) > _MAX_STEPS:
                break
            success = self.statement(node, (*gates, *self.kept), checked=False)
        return success

    def statement(self, node: Node, gates: Gates, *, checked: bool, redirects: tuple[Node, ...] = ()) -> Gates:
        """Run one statement; the steps whose success its own success implies.

        Args:
            checked: Its failure is looked at, so `set -e` does not end the script.
            redirects: Redirections of an enclosing node that belong to its last command.
        """
        self.session.budget.spend()
        handler = _HANDLERS.get(node.type)
        if handler is None:
            return self._other(node, gates)
        return handler(self, node, gates, checked, redirects)

    def _other(self, node: Node, gates: Gates) -> Gates:
        if node.type == "comment" or node.type in ("heredoc_body", "heredoc_end", "heredoc_start"):
            return ()
        if node.type == "ERROR":
            self.unread += 1
        for child in node.named_children:
            if child.type in _HANDLERS or child.type == "ERROR":
                self.statement(child, gates, checked=True)
        return ()

    def _list(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        first, rest = _spine(node)
        truth = self.conditions.truth(first)
        success = self.statement(first, gates, checked=True)
        left = first
        for at, (operator, right, whole) in enumerate(rest):
            last = at == len(rest) - 1
            if truth is (operator == "||"):
                left = whole
                continue
            known = truth is not None
            success = self._joined(operator, left if operator == "||" else _last(left), right, (gates, success), checked=checked or not last, redirects=redirects if last else ())
            truth = self.conditions.truth(right) if known else None
            left = whole
        return success

    def _joined(self, operator: str, left: Node, right: Node, before: tuple[Gates, Gates], *, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        gates, success = before
        if operator == "&&":
            with self.conditions.assumed(left, True):
                return (*success, *self.statement(right, (*gates, *success), checked=checked, redirects=redirects))
        if bare_exit(right, self._functions):
            self.keep(success)
            self.conditions.learn(left, True)
            self.note_approval(left)
            return success
        self.statement(right, gates, checked=checked, redirects=redirects)
        return ()

    def keep(self, steps: Gates) -> None:
        self.kept = (*self.kept, *(step for step in steps if step not in self.kept))

    def note_approval(self, node: Node) -> None:
        asked = [name for name in self.conditions.asked if re.search(rf"\${{?{re.escape(name)}\b", text_of(node))]
        if asked or "read -p" in text_of(node):
            self._approvals = ("approval",)

    def _pipeline(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        stages = [child for child in node.named_children if child.type != "comment"]
        span = (node.start_byte, node.end_byte)
        effects: list[Effect] = []
        sources: list[tuple[Word, ...]] = []
        for at, stage in enumerate(stages):
            given = input_of(sources, effects)
            last = at == len(stages) - 1
            body, own = _unredirected(stage)
            if body.type not in ("command", "test_command", "variable_assignment"):
                self.loop_sources = tuple(program_name(words[0].text) for words in sources if words)
                self.statement(stage, gates, checked=True)
                self.loop_sources = ()
                continue
            words, produced = self._command_effects(body, (*own, *(redirects if last else ())), given, sources)
            effects.extend(produced)
            sources.append(words)
            self.session.piped = max(self.session.piped, carried_sensitivity(words, produced))
        self.session.piped = 0.0
        return self._emit(span, tuple(effects), gates, checked=checked, trusted=self._pipefail or is_pipe_failure_safe(sources, effects))

    def _redirected(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        body, own = _unredirected(node)
        if body is node:
            produced = redirect_effects(own, self.expander, self._situation(Input()), silent=True)
            return self._emit((node.start_byte, node.end_byte), produced, gates, checked=checked)
        if body.type == "command":
            return self._simple(body, gates, checked, (*own, *redirects), (node.start_byte, node.end_byte))
        return self.statement(body, gates, checked=checked, redirects=(*own, *redirects))

    def _negated(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        del checked
        for child in node.named_children:
            self.statement(child, gates, checked=True, redirects=redirects)
        return ()

    def _compound(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        del redirects
        if node.children and node.children[0].type == "((":
            return ()
        kept, errexit = self.kept, self._errexit
        self._errexit = errexit and not checked
        success = self.block(list(node.named_children), gates)
        self.kept = kept if checked else self.kept
        self._errexit = errexit
        return success

    def _subshell(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        variables, folder = self.variables.copy(), (self._folder, self._folder_certain)
        kept = self.kept
        success = self._compound(node, gates, checked, redirects)
        self._restore(variables)
        self._folder, self._folder_certain = folder
        self.kept, self.ended = kept, False
        return success

    def _restore(self, variables: Variables) -> None:
        self.variables.values = variables.values
        self.variables.arrays = variables.arrays
        self.variables.arguments = variables.arguments

    def branch(self, nodes: list[Node], gates: Gates) -> bool:
        """Run a branch that may not be taken; whether it ends the script."""
        kept = self.kept
        self.block(nodes, gates)
        ended, self.ended = self.ended, False
        self.kept = kept
        return ended

    def _function(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        del gates, checked, redirects
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        if name is not None and body is not None:
            self._functions[text_of(name)] = body
        return ()

    def _test(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        del node, gates, checked, redirects
        return ()

    # variables --------------------------------------------------------------------------------

    def _assign(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        del redirects
        assignments = [node] if node.type == "variable_assignment" else [child for child in node.named_children if child.type == "variable_assignment"]
        self._nested = []
        for assignment in assignments:
            self._assign_one(assignment)
        if self._nested:
            return self._emit((node.start_byte, node.end_byte), tuple(self._nested), gates, checked=checked)
        return ()

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

    def substitute(self, node: Node) -> Word:
        """What `$(...)` would print; its commands count among the effects of the statement."""
        return self.session.substitution(self, node)

    def substituted(self, nodes: list[Node]) -> Interpreter:
        """A run over the commands of a substitution, with the variables of this point."""
        nested = Interpreter(self.session, self.depth + 1)
        nested.variables.values.update(self.variables.values)
        nested.variables.arguments = self.variables.arguments
        nested._functions = self._functions
        if self.depth < _MAX_DEPTH:
            nested.block(nodes, ())
        return nested

    def note(self, effects: tuple[Effect, ...]) -> None:
        """Count effects of a substitution to the statement around it."""
        self._nested.extend(effect for effect in effects if not effect.action.has(Trait.READ_ONLY))

    def abort(self) -> None:
        """`${X:?}` of an empty variable: nothing from here on runs."""
        self.ended = True

    # commands ---------------------------------------------------------------------------------

    def _command(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...]) -> Gates:
        return self._simple(node, gates, checked, redirects, (node.start_byte, node.end_byte))

    def _simple(self, node: Node, gates: Gates, checked: bool, redirects: tuple[Node, ...], span: tuple[int, int]) -> Gates:
        first = node.child_by_field_name("name")
        if first is None and node.type == "command":
            return self._assign(node, gates, checked, ())
        before = len(self.steps)
        if first is not None and text_of(first) in self._functions and len(self._calls) < 8:
            return self._call(text_of(first), node, gates, span)
        words, effects = self._command_effects(node, redirects, Input(text=heredoc_text(redirects, self.expander)), [])
        if self.ended and before == len(self.steps) and any(":?" in text_of(child) for child in node.children):
            return self._emit(span, tuple(replace(effect, guard="", action=hypothetical(effect.action)) for effect in effects), gates, checked=True)
        if words and self._builtin(words, node):
            effects = tuple(self._nested)
            if not effects:
                return ()
        if any(word.from_arguments for word in words[:1]) and self._calls:
            caller, _ = self._calls[-1]
            self._calls[-1] = (caller, True)
            span = (caller.start_byte, caller.end_byte)
        return self._emit(span, effects, gates, checked=checked)

    def _command_effects(self, node: Node, redirects: tuple[Node, ...], given: Input, upstream: list[tuple[Word, ...]]) -> tuple[tuple[Word, ...], tuple[Effect, ...]]:
        self._nested = []
        words: list[Word] = []
        for child in node.named_children:
            if child.type == "variable_assignment":
                self.session.note_prefix(text_of(child))
            elif child.type == "herestring_redirect":
                given = replace(given, text=self.expander.word(child.named_children[-1]).text if child.named_children else None)
            elif child.type.endswith("redirect"):
                redirects = (*redirects, child)
            elif child.type != "comment":
                words.extend(self.expander.words(child))
        if redirects:
            text = heredoc_text(redirects, self.expander)
            given = replace(given, text=text) if text is not None else given
        situation = self._situation(given, upstream)
        line = tuple(words)
        produced = (*self._nested, *effects_of(line, situation), *redirect_effects(redirects, self.expander, situation, silent=_is_silent(line)))
        self._after(line, produced)
        return line, produced

    def _situation(self, given: Input, upstream: list[tuple[Word, ...]] | None = None) -> Situation:
        place = Place(folder=self._folder, folder_certain=self._folder_certain, created=frozenset(self._created), comments=self.session.comments, disposable=self.session.disposable)
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
            run_shell=self._run_shell,
            run_sql=self.session.run_sql,
        )

    def _run_shell(self, source: str, inner: Inner) -> tuple[Effect, ...]:
        nested = Interpreter(self.session.nested(inner), self.depth + 1)
        if not inner.isolated:
            nested.variables.values.update(self.variables.values)
        nested._folder, nested._folder_certain = ("", True) if inner.isolated else (self._folder, self._folder_certain)
        nested._created = set() if inner.isolated else self._created
        nested.run(source.encode("utf-8", "replace"))
        return self.session.collected(nested)

    def _call(self, name: str, node: Node, gates: Gates, span: tuple[int, int]) -> Gates:
        body = self._functions[name]
        arguments = tuple(word for child in node.named_children[1:] if not child.type.endswith("redirect") for word in self.expander.words(child))
        saved, before = self.variables.arguments, len(self.steps)
        self.variables.arguments = arguments
        self._calls.append((node, False))
        success = self.block(list(body.named_children), gates)
        _, executed = self._calls.pop()
        self.variables.arguments = saved
        if self.ended and not bare_exit(body, {}):
            self.ended = False
        passed_on = re.search(r"\$[@*]|\$\{[@*]", text_of(body))
        if passed_on and not executed and arguments:
            del self.steps[before:]
            imagined = effects_of(arguments, self._situation(Input()))
            return self._emit(span, tuple(replace(effect, guard="", action=_unless_reading(effect)) for effect in imagined), gates, checked=True)
        return success

    def _builtin(self, words: tuple[Word, ...], node: Node) -> bool:
        """Carry out what changes the shell itself; whether the command was of that kind."""
        name, texts = words[0].text, [word.text for word in words[1:]]
        if name == "set":
            self._set(texts)
        elif name in ("exit", "return"):
            self.ended = True
        elif name == "cd" or name == "pushd":
            self._folder = (texts[0] if texts else "~").rstrip("/") or "/"
            self._folder_certain = self._errexit or self._gated(node)
        elif name == "trap":
            self._set_trap(words[1:])
        elif name == "read":
            self._read_input(texts)
        elif name == "unset":
            for text in texts:
                self.variables.values[text] = Word("")
        elif name == "shift":
            self.variables.arguments = self.variables.arguments[1:] if self.variables.arguments else None
        else:
            return False
        return True

    def _gated(self, node: Node) -> bool:
        parent = node.parent
        while parent is not None and parent.type in ("redirected_statement", "pipeline"):
            parent = parent.parent
        if parent is None or parent.type != "list":
            return False
        right = parent.named_children[-1]
        return "&&" in [child.type for child in parent.children] or bare_exit(right, self._functions)

    def _set(self, texts: list[str]) -> None:
        for at, text in enumerate(texts):
            on = text.startswith("-")
            if text in ("-o", "+o") or re.fullmatch(r"[-+][a-z]*o", text):
                option = texts[at + 1] if at + 1 < len(texts) else ""
                self._errexit = on if option == "errexit" else self._errexit
                self._pipefail = on if option == "pipefail" else self._pipefail
                self.variables.nounset = on if option == "nounset" else self.variables.nounset
            if re.fullmatch(r"[-+][a-zA-Z]+", text):
                self._errexit = on if "e" in text else self._errexit
                self.variables.nounset = on if "u" in text else self.variables.nounset

    def _read_input(self, texts: list[str]) -> None:
        prompted = any(text.startswith("-") and "p" in text for text in texts)
        for text in texts:
            if re.fullmatch(r"[A-Za-z_]\w*", text):
                self.variables.values[text] = Word(UNKNOWN, maybe_empty=not self.loop_sources)
                if prompted:
                    self.conditions.asked.add(text)

    def _set_trap(self, words: tuple[Word, ...]) -> None:
        if len(words) > 1 and words[0].text not in ("-", "") and any(word.text in ("EXIT", "0", "ERR", "INT", "TERM") for word in words[1:]):
            self._traps.append(words[0].text)

    def _trap(self, body: str, root: Node) -> None:
        source = (root.text or b"").decode("utf-8", "replace")
        at = source.find("trap ")
        end = source.find("\n", at)
        start_byte = len(source[: max(at, 0)].encode())
        end_byte = len(source[: end if end > 0 else len(source)].encode())
        name = body.strip()
        if name in self._functions:
            self.block(list(self._functions[name].named_children), ())
            return
        effects = self._run_shell(body, Inner(kind="shell"))
        self._emit((start_byte, end_byte), effects, (), checked=True)

    def _after(self, words: tuple[Word, ...], effects: tuple[Effect, ...]) -> None:
        """Remember what the command leaves behind: folders made, contexts chosen."""
        if not words:
            return
        texts = [word.text for word in words]
        name = program_name(texts[0])
        if any(effect.action.operation == "create" and effect.action.has(Trait.ADDITIVE) for effect in effects):
            self._created.update(text.rstrip("/") for text in texts[1:] if not text.startswith("-") and len(text) > 2 and UNKNOWN not in text and name != "tee")
        if name in ("kubectl", "oc", "kubectx", "gcloud", "terraform", "tofu", "az", "aws", "docker", "minikube", "kind") and re.search(r"\b(use-context|use|set|select|get-credentials|set-context|context|project)\b", " ".join(texts[1:3])):
            chosen = environment_named(" ".join(texts[2:]))
            self.session.chosen = chosen if chosen is not Environment.UNKNOWN else self.session.chosen
            self.session.toy = is_toy(" ".join(texts[2:]))

    def _emit(self, span: tuple[int, int], effects: tuple[Effect, ...], gates: Gates, *, checked: bool, trusted: bool = True) -> Gates:
        if not effects:
            return ()
        number = len(self.steps)
        self.steps.append(Step(span[0], span[1], effects, tuple(dict.fromkeys((*gates, *self.kept))), trusted, self._approvals))
        if self._errexit and not checked:
            self.keep((number,))
        return (number,)

    def _uncalled(self) -> None:
        """Functions of a script that does nothing else: what they would do if called."""
        if self.steps:
            return
        for body in self._functions.values():
            self.ended = False
            self.block(list(body.named_children), ())
        for step in self.steps:
            step.effects = tuple(replace(effect, guard="", action=hypothetical(effect.action)) for effect in step.effects)


def _unless_reading(effect: Effect) -> Action:
    return effect.action if effect.action.has(Trait.READ_ONLY) else hypothetical(effect.action)


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


def _is_silent(words: tuple[Word, ...]) -> bool:
    """Whether a command prints nothing, so that redirecting it empties the file."""
    texts = [word.text for word in words]
    return not texts or texts[0] in (":", "true") or texts == ["cat", "/dev/null"] or (texts[0] in ("echo", "printf") and len("".join(texts[1:])) <= 2)


def _unredirected(node: Node) -> tuple[Node, tuple[Node, ...]]:
    if node.type != "redirected_statement":
        return node, ()
    redirects = tuple(child for child in node.named_children if child.type.endswith("redirect"))
    body = next((child for child in node.named_children if not child.type.endswith("redirect")), node)
    return body, redirects


_HANDLERS = {
    "list": Interpreter._list,
    "pipeline": Interpreter._pipeline,
    "redirected_statement": Interpreter._redirected,
    "negated_command": Interpreter._negated,
    "compound_statement": Interpreter._compound,
    "do_group": Interpreter._compound,
    "subshell": Interpreter._subshell,
    "if_statement": run_if,
    "while_statement": run_while,
    "for_statement": run_for,
    "c_style_for_statement": run_while,
    "case_statement": run_case,
    "function_definition": Interpreter._function,
    "test_command": Interpreter._test,
    "variable_assignment": Interpreter._assign,
    "variable_assignments": Interpreter._assign,
    "declaration_command": Interpreter._assign,
    "unset_command": Interpreter._test,
    "command": Interpreter._command,
}
