"""Every setting of the hive: option > environment (`HIVE_...`) > file > default.

The file is `config.toml` in the platform's user configuration directory, or the path in
`HIVE_CONFIG`. Nested names are joined by two underscores: `HIVE_LIMITS__MAX_TASKS=200`.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_config_dir, user_data_dir
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from neural_hive.errors import SettingsError

APPLICATION = "neural-hive"
PREFIX = "HIVE_"
NESTED = "__"


class Limits(BaseModel):
    """How much one caller may ask."""

    model_config = ConfigDict(extra="forbid")

    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body, in bytes; more is answered 413.")
    max_text_chars: int = Field(10_000, ge=1, description="Longest intent_text, in characters.")
    max_tasks: int = Field(500, ge=1, description="Most tasks in one plan.")
    requests_per_minute: float | None = Field(None, gt=0, description="Requests per minute for each caller; unset means no limit.")
    burst: int = Field(20, ge=1, description="Requests that a caller may make at once when a rate limit is set.")


class Tls(BaseModel):
    """Files (PEM) that secure gRPC between gateway and specialists; with `ca` on both sides it is mutual."""

    model_config = ConfigDict(extra="forbid")

    ca: Path | None = Field(None, description="Who must have signed the other side's certificate; on a server, clients then need one.")
    cert: Path | None = Field(None, description="This side's certificate chain.")
    key: Path | None = Field(None, description="The private key of this side's certificate.")


class Auth(BaseModel):
    """Who may call: nobody is asked (`none`), or a bearer token of an OpenID Connect issuer is needed (`oidc`)."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["none", "oidc"] = Field("none", description="Whether callers must show a token: none, or oidc (JWT bearer tokens).")
    allow_anonymous: bool = Field(default=False, description="Serve without authentication on an address other than loopback.")
    issuer: str | None = Field(None, description="Issuer (iss) that tokens must name; its discovery document names the keys.")
    audience: str | None = Field(None, description="Audience (aud) that tokens must name.")
    jwks_url: str | None = Field(None, description="URL of the issuer's keys; unset means the one in its discovery document.")
    algorithms: tuple[Literal["RS256", "ES256"], ...] = Field(("RS256", "ES256"), min_length=1, description="Signatures that are accepted.")
    leeway: float = Field(30.0, ge=0, le=300, description="Seconds that clocks may differ.")
    refresh: float = Field(300.0, gt=0, description="Seconds that the issuer's keys are kept before they are asked for again.")
    token_file: Path | None = Field(None, description="File with the token that this process shows where it acts for no caller.")

    @field_validator("algorithms", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        """An environment variable names them with commas in between."""
        return tuple(part.strip() for part in given.split(",")) if isinstance(given, str) else given


class Traces(BaseModel):
    """Where spans go (OpenTelemetry); user text is never in one."""

    model_config = ConfigDict(extra="forbid")

    endpoint: str | None = Field(None, description="OTLP/HTTP URL of a collector, such as http://collector:4318; unset means no traces.")
    sample: float = Field(1.0, ge=0, le=1, description="Share of requests that are traced when the caller has not decided.")


class Settings(BaseModel):
    """The whole configuration of one process."""

    model_config = ConfigDict(extra="forbid")

    data_dir: Path = Field(default_factory=lambda: Path(user_data_dir(APPLICATION)), description="Where ledger, graph and keys live.")
    language: Literal["pt", "en"] | None = Field(None, description="Language of answers when the caller states none.")
    host: str = Field("127.0.0.1", description="Address that `hive serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that `hive serve` listens on; 0 takes a free one.")
    grpc_host: str = Field("127.0.0.1", description="Address that a specialist's gRPC server listens on.")
    grpc_port: int = Field(50051, ge=0, le=65535, description="Port of a specialist's gRPC server; 0 takes a free one.")
    ledger: str | None = Field(None, description="Ledger URL (sqlite:, mongodb:); unset means sqlite:/// in the data directory.")
    ledger_key: Path | None = Field(None, description="Key that all gateways of one ledger share; unset means ledger.key in data_dir.")
    graph: str | None = Field(None, description="Graph URL (sqlite:, neo4j:, bolt:); unset means sqlite:/// in the data directory.")
    cache: str = Field("memory:", description="Cache URL (memory:, redis:, rediss:, redis+cluster:, rediss+cluster:).")
    models: str = Field("packaged:", description="Where specialists take their models from (packaged:, mlflow+http:, mlflow+https:).")
    models_refresh: float = Field(30.0, gt=0, description="Seconds between two looks for a newer model.")
    queue: str | None = Field(None, description="Redis URL of the asynchronous way in; unset means there is none.")
    specialists: dict[str, str] = Field(default_factory=dict, description="grpc:// URL of each specialist; one not named is in process.")
    tls: Tls = Field(default_factory=Tls, description="Files that secure gRPC.")
    auth: Auth = Field(default_factory=Auth, description="Who may call.")
    traces: Traces = Field(default_factory=Traces, description="Where spans go.")
    specialist_deadline: float = Field(2.0, gt=0, description="Seconds that each specialist has to answer; then it abstains.")
    ledger_deadline: float = Field(5.0, gt=0, description="Seconds that a ledger on a server has to confirm a record.")
    graph_deadline: float = Field(0.25, gt=0, description="Seconds that the graph has to name precedents; then there are none.")
    ready_deadline: float = Field(1.0, gt=0, description="Seconds that each dependency has to answer /ready.")
    drain: float = Field(0.0, ge=0, description="Seconds between SIGTERM and closing the door, in which /ready says no.")
    cache_ttl: float = Field(3600.0, gt=0, description="Seconds that a panel's opinions on a plan are kept in the cache.")
    idempotency_ttl: float = Field(86400.0, gt=0, description="Seconds that the answer to an Idempotency-Key is kept byte for byte.")
    min_free_bytes: int = Field(16_777_216, ge=0, description="Free disk space, in bytes, below which the hive is not ready.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["plain", "json"] = Field("plain", description="Log lines for people (plain) or for machines (json).")
    limits: Limits = Field(default_factory=Limits, description="How much one caller may ask.")

    @property
    def ledger_url(self) -> str:
        """The ledger's URL, the embedded default filled in."""
        return self.ledger or f"sqlite:///{self.data_dir / 'ledger.db'}"

    @property
    def ledger_key_path(self) -> Path:
        """The ledger's key file, the default filled in."""
        return self.ledger_key or self.data_dir / "ledger.key"

    @property
    def graph_url(self) -> str:
        """The graph's URL, the embedded default filled in."""
        return self.graph or f"sqlite:///{self.data_dir / 'graph.db'}"


def config_file() -> Path:
    """The settings file that is read if it exists."""
    named = os.environ.get("HIVE_CONFIG")
    return Path(named) if named else Path(user_config_dir(APPLICATION)) / "config.toml"


def load_settings(**options: Any) -> Settings:
    """Read the settings.

    Args:
        **options: Values from the command line; those that are None count as not given.

    Raises:
        SettingsError: A value cannot be used, or the file is no TOML.
    """
    try:
        given = {name: value for name, value in options.items() if value is not None}
        return Settings(**_merged(_merged(_from_file(), _from_environment(os.environ)), given))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "__".join(str(part) for part in first["loc"])
        raise SettingsError("error.setting_invalid", name=name, variable=f"HIVE_{name.upper()}", reason=first["msg"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError("error.settings_file", path=str(config_file()), reason=str(error)) from error
    except (TypeError, ValueError) as error:  # a value that should be JSON (a mapping) and is not, or a table for what is none
        raise SettingsError("error.settings_environment", reason=str(error)) from error


def _from_file() -> dict[str, Any]:
    path = config_file()
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """The settings that variables name; a variable of ours that names none (HIVE_CONFIG, HIVE_LANG) is not a setting."""
    found: dict[str, Any] = {}
    for variable in sorted(variables):
        first, *rest = variable.removeprefix(PREFIX).lower().split(NESTED)
        if variable.startswith(PREFIX) and first in Settings.model_fields:
            table = found
            for name in (first, *rest)[:-1]:
                table = table.setdefault(name, {})
            table[(first, *rest)[-1]] = _value(first, rest, variables[variable])
    return found


def _value(first: str, rest: list[str], text: str) -> Any:
    """A variable's text; a whole table ("HIVE_LIMITS") is written as JSON."""
    return json.loads(text) if not rest and first in ("limits", "specialists", "tls", "auth", "traces") else text


def _merged(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Two layers of settings; tables are merged, everything else is replaced."""
    result = dict(lower)
    for name, value in upper.items():
        below = result.get(name)
        result[name] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


@cache
def field_names() -> tuple[str, ...]:
    """Every setting by its dotted name, nested ones included, sorted."""
    tables: dict[str, type[BaseModel]] = {"limits": Limits, "tls": Tls, "auth": Auth, "traces": Traces}
    nested = [f"{table}.{name}" for table, model in tables.items() for name in model.model_fields]
    return tuple(sorted([name for name in Settings.model_fields if name not in tables] + nested))
