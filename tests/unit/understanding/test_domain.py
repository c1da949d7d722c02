"""Domains of plain intentions in both languages, none of which was trained on."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.evaluation.cases import load_cases
from neural_hive.types import Action, Domain, GivenPlan, GivenTask, Intent, SourcePlan
from neural_hive.understanding import understand
from neural_hive.understanding.domain import classify, excerpt_of, features, notation_of

EVALS = Path(__file__).resolve().parents[3] / "evals"

CASES = """\
BUSINESS|subir o preço do frete em 8%|raise the freight price by 8%
BUSINESS|mandar a cobrança de setembro aos inadimplentes|send September's bill to overdue customers
BUSINESS|fechar contrato de venda com três lojistas novos|close sales deals with three new shopkeepers
BUSINESS|montar a planilha de despesas de viagem|put together the travel expenses spreadsheet
TECHNICAL|refatorar a classe de cálculo de impostos|refactor the tax calculation class
TECHNICAL|excluir a coluna apelido da tabela de usuários|drop the nickname column from the users table
TECHNICAL|escrever testes unitários do parser|write unit tests for the parser
TECHNICAL|trocar a biblioteca de gráficos por outra|swap the charting library for another one
INFRASTRUCTURE|subir três nós novos no cluster Kubernetes|bring up three new nodes in the Kubernetes cluster
INFRASTRUCTURE|aumentar a memória das VMs de banco|increase the memory of the database VMs
INFRASTRUCTURE|configurar subnets da VPC com Terraform|configure VPC subnets with Terraform
SECURITY|revogar o acesso de administrador do prestador|revoke the contractor's administrator access
SECURITY|rotacionar a senha do banco de dados|rotate the database password
SECURITY|corrigir vulnerabilidade de XSS|fix an XSS vulnerability
SECURITY|exigir MFA de toda a equipe|require MFA for the whole team
BEHAVIOR|aumentar o botão de confirmar na tela|enlarge the confirm button on the screen
BEHAVIOR|melhorar o contraste das cores do aplicativo|improve the contrast of the app's colours
BEHAVIOR|entrevistar usuários sobre o novo menu|interview users about the new menu
OPERATIONAL|reiniciar o servidor de filas|restart the queue server
OPERATIONAL|voltar a versão anterior depois do incidente|roll back to the previous version after the incident
OPERATIONAL|silenciar o alarme de disco durante a manutenção|silence the disk alarm during maintenance
OPERATIONAL|restaurar o backup de terça|restore Tuesday's backup
COMPLIANCE|responder ao titular que pediu seus dados pela LGPD|answer the data subject who asked for their data under the GDPR
COMPLIANCE|reunir as evidências que a auditoria externa pediu|gather the evidence the external auditors asked for
COMPLIANCE|atualizar os termos de uso conforme a lei|update the terms of use according to the law
OUT_OF_SCOPE|bom dia, pessoal, tudo bem?|good morning folks, how are you?
OUT_OF_SCOPE|obrigado e bom feriado|thanks and have a good holiday
OUT_OF_SCOPE|que chuva, hein|what a rainy day"""


def _likeliest(text: str) -> str:
    probabilities = classify(text)
    return max(probabilities, key=lambda domain: probabilities[domain]).value


@pytest.mark.parametrize("language", [1, 2])
def test_plain_intentions(language: int) -> None:
    lines = [line.split("|") for line in CASES.split("\n")]
    wrong = [(line[0], _likeliest(line[language]), line[language]) for line in lines if _likeliest(line[language]) != line[0]]
    assert len(wrong) <= 0.15 * len(lines), wrong


def test_twins_agree() -> None:
    lines = [line.split("|") for line in CASES.split("\n")]
    apart = [line for line in lines if _likeliest(line[1]) != _likeliest(line[2])]
    assert len(apart) <= 0.15 * len(lines), apart


@pytest.mark.parametrize(
    ("source", "domain"),
    [("terraform", Domain.INFRASTRUCTURE), ("kubernetes", Domain.INFRASTRUCTURE), ("sql", Domain.TECHNICAL), ("diff", Domain.TECHNICAL)],
)
def test_a_source_without_words_goes_by_its_format(source: str, domain: Domain) -> None:
    probabilities = classify("", format=source)
    assert max(probabilities, key=lambda name: probabilities[name]) is domain


def test_nothing_to_read_is_out_of_scope() -> None:
    assert classify("")[Domain.OUT_OF_SCOPE] > 0.9


def test_actions_move_the_answer() -> None:
    action = Action(operation="restart", object="service")
    assert classify("billing", (action,))[Domain.OPERATIONAL] > classify("billing")[Domain.OPERATIONAL]


@given(st.text(), st.sampled_from(["text", "sql", "", "terraform", "auto"]))
def test_probabilities_sum_to_one(text: str, source: str) -> None:
    probabilities = classify(text, format=source)
    assert set(probabilities) == set(Domain)
    assert abs(sum(probabilities.values()) - 1.0) < 1e-9


def test_the_development_cases_are_read_as_labelled() -> None:
    cases = [case for path in sorted((EVALS / "dev").glob("*.json")) for case in load_cases(path) if case.domains]
    found = [(case, understand(case.intent).domain.value) for case in cases]
    assert sum(domain in case.domains for case, domain in found) >= 0.87 * len(found)
    twins: dict[str, set[str]] = defaultdict(set)
    for case, domain in found:
        twins[case.group].add(domain)
    assert sum(len(domains) == 1 for domains in twins.values()) >= 0.78 * len(twins)


def test_a_plan_says_what_its_title_leaves_open() -> None:
    tasks = GivenPlan(
        tasks=(GivenTask(id="1", description="Rotate the database password"), GivenTask(id="2", description="Revoke the old token"))
    )
    intent = Intent(text="Monday's work", plan=tasks)
    assert understand(intent).domain is Domain.SECURITY
    assert excerpt_of(intent).startswith("Rotate the database password")


@pytest.mark.parametrize(
    ("source", "notation"),
    [
        ("diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n", "diff"),
        ('{"format_version": "1.2", "resource_changes": []}', "terraform"),
        ("apiVersion: v1\nkind: Namespace\n", "kubernetes"),
        ("-- tidy\nDELETE FROM orders WHERE id = 7;", "sql"),
        ("#!/bin/sh\nrm build/*.o\n", "shell"),
        ('{"tasks": [{"id": "1", "description": "select a supplier"}]}', "tasks"),
        ("a quiet afternoon", ""),
    ],
)
def test_the_notation_of_a_source_shows_at_a_glance(source: str, notation: str) -> None:
    assert notation_of(Intent(text="", plan=SourcePlan(source=source))) == notation


def test_a_plan_is_never_small_talk() -> None:
    assert classify("bom dia", format="tasks", excerpt="bom dia")[Domain.OUT_OF_SCOPE] < classify("bom dia")[Domain.OUT_OF_SCOPE]


def test_twin_words_are_one_feature() -> None:
    assert features("renomear", every_word=True).keys() == features("rename", every_word=True).keys()
