{{/* What cannot work is refused while rendering, with the next step: a process as in "hive.processes", with "root". */}}

{{- define "hive.check" -}}
{{- include "hive.checkAuth" . -}}
{{- include "hive.checkEnd" . -}}
{{- if .embedded -}}
  {{- include "hive.checkEmbedded" . -}}
{{- else if and (ne .role "specialist") (not .settings.ledger_key) -}}
  {{- include "hive.failLedgerKey" . -}}
{{- end -}}
{{- if eq .role "worker" -}}
  {{- include "hive.checkWorker" . -}}
{{- end -}}
{{- $asked := and .root.Values.tls.enabled .root.Values.tls.certManager.enabled -}}
{{- if and $asked (not (.root.Capabilities.APIVersions.Has "cert-manager.io/v1")) -}}
  {{- fail "\n\nThis cluster has no cert-manager.io/v1: install cert-manager, or make the Secrets and set tls.certManager.enabled=false." -}}
{{- end -}}
{{- end -}}

{{- define "hive.checkAuth" -}}
{{- $auth := .settings.auth | default dict -}}
{{- $tokens := eq ($auth.mode | default "none") "oidc" -}}
{{- $mutual := and (eq .role "specialist") (.settings.tls | default dict).ca -}}
{{- if not (or $tokens $auth.allow_anonymous $mutual (eq .role "worker")) -}}
  {{- $way := ternary ",\n  tls.enabled=true: mutual TLS with the gateway" "" (eq .role "specialist") -}}
  {{- $ways := printf "settings.auth.mode=oidc with settings.auth.issuer and settings.auth.audience%s" $way -}}
  {{- fail (printf "\n\nWho may call %s? Say one of\n  %s,\n  settings.auth.allow_anonymous=true: whoever reaches it may call." .app $ways) -}}
{{- end -}}
{{- if and $tokens (not (and $auth.issuer $auth.audience)) -}}
  {{- fail (printf "\n\nsettings.auth.mode=oidc needs settings.auth.issuer and settings.auth.audience (%s)." .app) -}}
{{- end -}}
{{- end -}}

{{- /* Killed before it has finished, a gateway would cut off who still waits. The numbers are the settings' defaults. */}}
{{- define "hive.checkEnd" -}}
{{- $s := .settings -}}
{{- $needed := addf ($s.drain | default 0) ($s.specialist_deadline | default 2) ($s.ledger_deadline | default 5) 3 | ceil | int -}}
{{- if gt $needed (int .pod.terminationGracePeriodSeconds) -}}
  {{- $why := printf "%s takes up to %d s to end (drain, deadlines)" .app $needed -}}
  {{- fail (printf "\n\n%s and would be killed before: set pods.terminationGracePeriodSeconds to %d or more." $why $needed) -}}
{{- end -}}
{{- end -}}

{{- define "hive.checkEmbedded" -}}
{{- if eq .role "worker" -}}
  {{- fail "\n\nA worker shares the gateway's ledger, and a file cannot be shared: set secretSettings.ledger, or worker.enabled=false." -}}
{{- end -}}
{{- if or .pod.autoscaling.enabled (gt (int .pod.replicas) 1) -}}
  {{- $way := "set secretSettings.ledger to a MongoDB, or gateway.replicas=1 and gateway.autoscaling.enabled=false." -}}
  {{- fail (printf "\n\nThe ledger is a file with one writer, so there is one gateway: %s" $way) -}}
{{- end -}}
{{- end -}}

{{- define "hive.checkWorker" -}}
{{- if not (or .settings.queue .secrets.queue) -}}
  {{- fail "\n\nA worker needs a queue: set secretSettings.queue or settings.queue, or worker.enabled=false." -}}
{{- end -}}
{{- $shown := (.settings.auth | default dict).token_file -}}
{{- range .specialists -}}
  {{- if and (eq ((.settings.auth | default dict).mode | default "none") "oidc") (not $shown) -}}
    {{- fail (printf "\n\nA worker acts for no caller, and %s asks for a token: set token.secret, or use tls instead." .app) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "hive.failLedgerKey" -}}
{{- $put := printf "kubectl -n %s create secret generic hive-ledger-key --from-file=ledger.key" .namespace -}}
{{- $make := printf "  openssl genpkey -algorithm ed25519 -out ledger.key\n  %s" $put -}}
{{- $why := printf "The ledger is on a server, and all its writers (%s) sign with one key." .app -}}
{{- fail (printf "\n\n%s Make it once, keep a copy, and set ledgerKey.secret=hive-ledger-key:\n%s" $why $make) -}}
{{- end -}}
