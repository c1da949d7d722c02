"""No valid number, address or token of a person is left in anything that is made of an intention."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.types import GivenPlan, GivenTask, Intent
from tests.properties.panel import ask, said, sourced, tasked

few, many = settings(max_examples=20), settings(max_examples=1000)
PROFILES = [pytest.param(few, id="few"), pytest.param(many, id="many", marks=pytest.mark.slow)]

digits = st.integers(0, 9)
letters = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=36, max_size=36)


def weighed(numbers: list[int], weights: list[int]) -> int:
    """A check digit of CPF or CNPJ."""
    rest = sum(number * weight for number, weight in zip(numbers, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest


def cpf(numbers: list[int], dotted: bool) -> str:
    first = weighed(numbers, list(range(10, 1, -1)))
    whole = [*numbers, first, weighed([*numbers, first], list(range(11, 1, -1)))]
    text = "".join(map(str, whole))
    return f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}" if dotted else text


def cnpj(numbers: list[int], dotted: bool) -> str:
    weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    first = weighed(numbers, weights)
    text = "".join(map(str, [*numbers, first, weighed([*numbers, first], [6, *weights])]))
    return f"{text[:2]}.{text[2:5]}.{text[5:8]}/{text[8:12]}-{text[12:]}" if dotted else text


def card(numbers: list[int], grouped: bool) -> str:
    body = [4, *numbers]
    total = sum(sum(divmod(number * 2, 10)) if place % 2 == 0 else number for place, number in enumerate(body))
    text = "".join(map(str, [*body, -total % 10]))
    return " ".join(text[place : place + 4] for place in range(0, 16, 4)) if grouped else text


def varied(size: int) -> st.SearchStrategy[list[int]]:
    return st.lists(digits, min_size=size, max_size=size).filter(lambda numbers: len(set(numbers)) > 3)


names = st.from_regex(r"[a-z]{3,8}\.[a-z]{3,8}[0-9]{0,3}", fullmatch=True)
hosts = st.sampled_from(("example.com", "empresa.com.br", "mail.exemplo.org"))
secrets = st.one_of(
    st.builds(cpf, varied(9), st.booleans()),
    st.builds(cnpj, varied(8).map(lambda numbers: [*numbers, 0, 0, 0, 1]), st.booleans()),
    st.builds(card, varied(14), st.booleans()),
    st.builds("{}@{}".format, names, hosts),
    letters.map("ghp_{}".format),
)

DELETION = "DELETE FROM t WHERE k = '{}'"
PLACES = {
    "text": lambda secret: said(f"Apagar o cadastro de {secret} em produção, e avisar o cliente"),
    "english": lambda secret: said(f"Please delete the customer {secret} from the database, they asked for it"),
    "title": lambda secret: tasked(f"Erase the account of {secret}", "back up the table", "delete the row"),
    "task": lambda secret: tasked("Limpeza", f"remover o registro {secret}", f"`{DELETION.format(secret)}`"),
    "parameters": lambda secret: Intent(
        text="x",
        plan=GivenPlan(tasks=(GivenTask(id="a", description="run it", parameters={"sql": DELETION.format(secret)}),)),
    ),
    "sql": lambda secret: sourced(
        f"-- {secret}\nDELETE FROM customers WHERE contact = '{secret}';\nINSERT INTO t VALUES ('{secret}', 1);", "sql"
    ),
    "shell": lambda secret: sourced(
        f"# {secret}\nWHO='{secret}'\ncurl -d 'who={secret}' https://x.example.com/u; rm -rf \"/data/{secret}\"", "shell"
    ),
    "kubernetes": lambda secret: sourced(
        f"# {secret}\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, labels: {{o: '{secret}'}}}}\ndata:\n  who: '{secret}'\n",
        "kubernetes",
    ),
    "yaml": lambda secret: sourced(
        f"tasks:\n  - id: a\n    description: 'apagar {secret}'\n    parameters: {{command: rm -rf /x/{secret}}}\n", "yaml"
    ),
    "json": lambda secret: sourced(json.dumps({"tasks": [{"id": "a", "type": secret, "description": f"notify {secret}"}]}), "json"),
    "diff": lambda secret: sourced(
        f"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n-who = '{secret}'\n+password = '{secret}'\n ok\n", "diff"
    ),
    "terraform": lambda secret: sourced(
        json.dumps(
            {
                "format_version": "1.2",
                "resource_changes": [
                    {
                        "address": f'aws_iam_user.u["{secret}"]',
                        "type": "aws_iam_user",
                        "name": "u",
                        "change": {
                            "actions": ["delete", "create"],
                            "before": {"name": secret},
                            "after": {"name": secret, "tags": {"who": secret}},
                        },
                    }
                ],
            }
        ),
        "terraform",
    ),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_personal_is_left(place: str, profile: settings) -> None:
    def check(secret: str) -> None:
        asked = ask(PLACES[place](secret), worded=True)
        shown = msgspec.json.encode((asked.understanding, asked.plan, asked.opinions, asked.conclusion)).decode()
        bare = "".join(character for character in secret if character.isalnum())
        assert secret not in shown
        assert bare not in shown

    profile(given(secrets)(check))()
