"""What the scripts nested in one source share: environment, comments, how deep they stand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from neural_hive.errors import PlanError
from neural_hive.planning.reading import Circumstances
from neural_hive.planning.shell.effects import Effect, tokens
from neural_hive.planning.shell.flow import environment_of_assignment, strip_unknown
from neural_hive.planning.shell.steps import Guarding
from neural_hive.planning.shell.syntax import text_of
from neural_hive.planning.shell.words import UNKNOWN, Word
from neural_hive.planning.shell.wrappers import Inner, is_fetcher
from neural_hive.planning.surroundings import worst
from neural_hive.types import Action, Environment

if TYPE_CHECKING:
    from tree_sitter import Node

    from neural_hive.planning.shell.executor import Executor


@dataclass(slots=True)
class Budget:
    """How many more statements may be walked; shared by all scripts nested in one source."""

    left: int = 4000

    def spend(self) -> None:
        """Count one statement."""
        self.left -= 1

    @property
    def exhausted(self) -> bool:
        """Whether nothing more may be walked."""
        return self.left <= 0


@dataclass(slots=True, kw_only=True)
class Session:
    """The surroundings of one script; nested scripts get a copy with their own host.

    Attributes:
        stated: What the caller and the intention's text say.
        environment: What comments and variables say.
        chosen: The context that a command of the script selected.
    """

    stated: Environment = Environment.UNKNOWN
    environment: Environment = Environment.UNKNOWN
    chosen: Environment = Environment.UNKNOWN
    toy: bool = False
    disposable: bool = False
    comments: str = ""
    piped: float = 0.0
    connection: str = ""
    circumstances: Circumstances = field(default_factory=Circumstances)
    budget: Budget = field(default_factory=Budget)

    def current(self) -> Environment:
        """Where a command runs unless it says otherwise; production is never talked away."""
        if self.chosen is not Environment.UNKNOWN and self.stated is not Environment.PRODUCTION:
            return self.chosen
        return worst(self.stated, self.chosen, self.environment)

    def note_prefix(self, assignment: str) -> None:
        """`NAME=value command`: the value may name the environment."""
        name, _, value = assignment.partition("=")
        self.environment = worst(self.environment, environment_of_assignment(name, value.strip("\"'")))

    def nested(self, inner: Inner) -> Session:
        """The session of a script that this one runs."""
        chosen = inner.environment if inner.environment is not Environment.UNKNOWN else self.chosen
        return replace(
            self,
            chosen=chosen,
            connection=f"{self.connection} {inner.connection}".strip(),
            disposable=self.disposable and not inner.isolated,
        )

    def collected(self, nested: Executor) -> tuple[Effect, ...]:
        """The effects of a nested script, guarded among themselves."""
        guarding = Guarding(nested.steps)
        return tuple(
            replace(effect, action=action)
            for number, step in enumerate(nested.steps)
            for effect, action in zip(step.effects, guarding.actions(number), strict=True)
        )

    def substitution(self, interpreter: Executor, node: Node) -> Word:
        """Run `$(...)`; what it would print, as far as that is known."""
        inside = [child for child in node.named_children if child.type != "comment"]
        names = [word for child in inside for word in text_of(child).replace("|", " ").split()[:1]]
        source = text_of(node)
        fetched = any(is_fetcher(name) for name in names) or any(
            part in source for part in ("curl ", "wget ", "base64 -d", "base64 --decode")
        )
        nested = interpreter.substituted(inside)
        interpreter.note(self.collected(nested))
        if fetched:
            return Word(UNKNOWN, maybe_empty=True, fetched=True)
        return _printed(interpreter, inside)

    def run_sql(self, source: str, inner: Inner) -> tuple[Effect, ...]:
        """The effects of SQL handed to a client program."""
        from neural_hive.planning.sql import read_sql  # sqlglot is loaded by the first SQL only

        environment = inner.environment if inner.environment is not Environment.UNKNOWN else self.current()
        circumstances = replace(self.circumstances, environment=environment)
        connection = f"{self.connection} {inner.connection}".strip()
        try:
            reading = read_sql(strip_unknown(source), circumstances)
        except PlanError:
            return (Effect(Action(operation="unknown", certainty=0.3, environment=environment), tool="sql"),)
        return tuple(_from_sql(action, connection) for task in reading.tasks for action in task.actions)


def _from_sql(action: Action, connection: str) -> Effect:
    uncertain = "unknown_value" in action.target
    changed = (
        replace(action, certainty=min(action.certainty, 0.4), target=action.target.replace("unknown_value", "?")) if uncertain else action
    )
    return Effect(changed, tool="sql", words=tokens(action.text), connection=connection)


_KNOWN_OUTPUT = {"pwd": ".", "nproc": "4"}
_NEVER_EMPTY = frozenset(
    {"date", "hostname", "whoami", "id", "uuidgen", "nproc", "uname", "basename", "dirname", "realpath", "readlink", "tempfile", "wc"}
)


def _printed(interpreter: Executor, inside: list[Node]) -> Word:
    if len(inside) != 1 or inside[0].type != "command":
        return Word(UNKNOWN, maybe_empty=True)
    words = [
        word.text for child in inside[0].named_children if child.type != "variable_assignment" for word in interpreter.expander.words(child)
    ]
    name = words[0] if words else ""
    if name in ("mktemp", "tempfile"):
        return Word("/tmp/mktemp.fresh")
    if name in _KNOWN_OUTPUT:
        return Word(_KNOWN_OUTPUT[name])
    if name == "echo":
        return Word(" ".join(words[1:]))
    if (name == "dirname" and words[-1] == "$0") or "BASH_SOURCE" in " ".join(words):
        return Word(".")
    return Word(UNKNOWN, maybe_empty=name not in _NEVER_EMPTY)
