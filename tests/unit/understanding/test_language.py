"""Language of short technical texts, the hard cases first."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.understanding.language import detect
from tests.pace import pace

PORTUGUESE = """\
fazer deploy do hotfix no cluster de prod
oi, bom dia
restart no servidor web de prod hoje à noite
sobe o modelo novo, vai
da um kubectl rollout restart no payments
rollback da release 2.3 em prod
dropa a staging_users
merge do PR 88 na main
limpa o cache do redis
escala o deployment pra 10 pods
mata os jobs travados
deploy sexta às 18h
subir hotfix
derruba o cluster
push --force na main
apaga tudo
revoga o token do Bruno
review do design system com o time de UX
bora de release hoje?
faz um dump do postgres antes do upgrade
trocar a senha do root
drop table users no banco de homolog
reset de senha do usuario joao
liga a feature flag new_checkout
backup full do database
publicar o dashboard no site
roda o pipeline de build de novo
valeu!
obrigado, pessoal
git push origin main dá erro de permissão
abrir a porta 22 do firewall pra 0.0.0.0/0
criar um bucket S3 com versioning
desligar o MFA dos admins
configurar o rate limit da API gateway
corrigir bug no login
migrar os logs pro Elasticsearch
tira o healthcheck do load balancer
o pod ta em CrashLoopBackOff, reinicia
testes unitarios do carrinho
documentar endpoints REST
novo endpoint /v1/orders
integrar checkout com gateway de pagamento
commitar direto na main sem code review
ajustar threshold de alerta de CPU
habilitar cache no CDN
remover o usuario admin do cluster kafka
exportar o dataset de churn pro bucket publico
atualizar lib openssl
escrever ADR sobre event sourcing
quais pods estao rodando em prod?
desabilitar logs de auditoria
provisionar nova VM
refatorar o service layer do backend
rotacionar as API keys
cade o backup?
bloquear PR sem review
fazer um teste A/B no onboarding
mover o job de ETL pra outra fila
gerar relatório de compliance
E_PAGAMENTO: trocar timeout do worker para 30s"""

ENGLISH = """\
restart the prod web server tonight
hi there
deploy hotfix to prod cluster
ship it
rollback the release
drop the staging_users table
merge PR 88 into main
clean the redis cache
scale the deployment to 10 pods
kill stuck jobs
deploy on Friday at 6pm
push --force to main
delete everything
revoke Bruno's token
design system review with the UX team
let's release today?
take a postgres dump before the upgrade
change the root password
reset user joao's password
turn on the new_checkout feature flag
full database backup
publish the dashboard on the website
run the build pipeline again
thanks!
open port 22 on the firewall to 0.0.0.0/0
create an S3 bucket with versioning
disable MFA for admins
fix login bug
ship logs to Elasticsearch
remove the load balancer healthcheck
the pod is in CrashLoopBackOff, restart it
cart unit tests
document REST endpoints
add the endpoint /v1/orders
commit straight to main without code review
adjust CPU alert threshold
enable caching on the CDN
export the churn dataset to a public bucket
upgrade openssl library
which pods are running in prod?
disable audit logs
provision a new VM
refactor the backend service layer
rotate the API keys
where is the backup?
send João the report about São Paulo
Ask Lívia whether the invoice was paid
do it now
no backup, as agreed
as soon as possible, do a restore
move customers from São Paulo to the new table
list open pull requests
encrypt disks
purge old records
weekly sync notes"""

UNDETERMINED = """\
user_id
payments.invoices
SELECT * FROM users WHERE id = 7;
kubectl get pods -n prod
git push --force origin main
rm -rf /var/lib/mysql
12345

???
{"a": 1, "b": [2, 3]}
x = foo(bar); return x
https://example.com/a/b?c=d
billing-api-7f9c
DROP TABLE users;
terraform destroy -auto-approve
nginx:1.25.3
getUserById
¿dónde está el servidor con las copias?
die Datenbank ist nicht mit dem Server verbunden
你好，重启服务器"""


def _verdict(text: str) -> str:
    probabilities = detect(text)
    return max(probabilities, key=lambda name: probabilities[name])


@pytest.mark.parametrize(("texts", "language"), [(PORTUGUESE, "pt"), (ENGLISH, "en"), (UNDETERMINED, "und")])
def test_hard_cases(texts: str, language: str) -> None:
    wrong = [text for text in texts.split("\n") if _verdict(text) != language]
    assert len(wrong) <= 0.03 * len(texts.split("\n")), wrong


def test_accents_are_not_needed() -> None:
    def bare(text: str) -> str:
        return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))

    wrong = [text for text in PORTUGUESE.split("\n") if _verdict(bare(text)) != "pt"]
    assert len(wrong) <= 2, wrong


def test_decomposed_accents_read_alike() -> None:
    text = "restart no servidor web de prod hoje à noite, não há réplica"
    assert detect(unicodedata.normalize("NFD", text)) == detect(text)


@given(st.text())
def test_probabilities_sum_to_one(text: str) -> None:
    probabilities = detect(text)
    assert list(probabilities) == ["pt", "en", "und"]
    assert abs(sum(probabilities.values()) - 1.0) < 1e-5
    assert all(0.0 <= value <= 1.0 for value in probabilities.values())


def test_is_quick() -> None:
    text = "fazer deploy do hotfix no cluster de prod depois de conferir o backup da tabela de pedidos, hoje à noite"
    detect(text)
    assert pace(lambda: [detect(text) for _ in range(50)]) < 1.5  # 300 us each; measured 25 us


def test_long_text_is_bounded() -> None:
    assert pace(lambda: detect("a-_b " * 200_000)) < 40
