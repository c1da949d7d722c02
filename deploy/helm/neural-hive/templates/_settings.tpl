{{/* Settings: what the chart knows, then `settings`, then those of the role, then those of one specialist. */}}

{{- define "hive.variable" -}}
HIVE_{{ upper . }}
{{- end -}}

{{- /* The names of settings (tables by their own name) that a process reads, as a JSON list: (dict "root" "role"). */}}
{{- define "hive.reads" -}}
{{- $common := list "language" "host" "port" "data_dir" "log_level" "log_format" "ready_deadline" "tls" "auth" "traces" -}}
{{- $common = ternary $common (append $common "drain") (eq .role "worker") -}}
{{- $hive := list "ledger" "ledger_key" "graph" "cache" "queue" "specialists" "limits" "min_free_bytes" "specialist_deadline" -}}
{{- $hive = concat $hive (list "ledger_deadline" "graph_deadline" "cache_ttl" "idempotency_ttl") -}}
{{- $models := list "models" "models_refresh" -}}
{{- if eq .role "specialist" -}}
  {{- concat $common $models (list "grpc_host" "grpc_port") | toJson -}}
{{- else if include "hive.ownModels" .root -}}
  {{- concat $common $models $hive | toJson -}}
{{- else -}}
  {{- concat $common $hive | toJson -}}
{{- end -}}
{{- end -}}

{{- /* "yes" when one of the hive's own specialists is in the gateway's process. */}}
{{- define "hive.ownModels" -}}
{{- $values := .Values -}}
{{- range $name := list "architecture" "behavior" "evolution" "technical" -}}
  {{- $own := get $values.specialists $name | default (dict "enabled" false) -}}
  {{- if not (and $values.specialist.enabled $own.enabled) -}}yes{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The settings of a process, as JSON; arguments as for "hive.process". */}}
{{- define "hive.settings" -}}
{{- $known := dict "data_dir" "/data" "host" "0.0.0.0" "port" 8000 -}}
{{- if eq .role "specialist" -}}
  {{- $_ := merge $known (dict "grpc_host" "0.0.0.0" "grpc_port" 50051) -}}
{{- end -}}
{{- if .root.Values.tls.enabled -}}
  {{- $_ := set $known "tls" (dict "ca" "/secrets/tls/ca.crt" "cert" "/secrets/tls/tls.crt" "key" "/secrets/tls/tls.key") -}}
{{- end -}}
{{- if ne .role "specialist" -}}
  {{- $urls := dict -}}
  {{- range .specialists -}}
    {{- $host := include "hive.grpcHost" (dict "root" $.root "process" .) -}}
    {{- $scheme := ternary "grpcs" "grpc" (not (empty (.settings.tls | default dict).cert)) -}}
    {{- $_ := set $urls .name (printf "%s://%s:%s" $scheme $host (toString .settings.grpc_port)) -}}
  {{- end -}}
  {{- if $urls -}}{{- $_ := set $known "specialists" $urls -}}{{- end -}}
  {{- with .root.Values.ledgerKey -}}
    {{- if .secret -}}{{- $_ := set $known "ledger_key" (printf "/secrets/ledger/%s" .key) -}}{{- end -}}
  {{- end -}}
  {{- with .root.Values.token -}}
    {{- if .secret -}}{{- $_ := set $known "auth" (dict "token_file" (printf "/secrets/token/%s" .key)) -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- mergeOverwrite $known (include "hive.picked" . | fromJson) (deepCopy (.pod.settings | default dict)) | toJson -}}
{{- end -}}

{{- /* Of the settings of every process, those that this one reads. */}}
{{- define "hive.picked" -}}
{{- $reads := include "hive.reads" . | fromJsonArray -}}
{{- $picked := dict -}}
{{- range $name, $value := .root.Values.settings -}}
  {{- if has $name $reads -}}{{- $_ := set $picked $name $value -}}{{- end -}}
{{- end -}}
{{- $picked | toJson -}}
{{- end -}}

{{- /* Settings as variables, one line each: what is inside a table is joined by two underscores, and a list goes as JSON. */}}
{{- define "hive.environment" -}}
{{- range $name, $value := . }}
{{- $variable := include "hive.variable" $name }}
{{- if eq $name "specialists" }}
{{ $variable }}: {{ toJson $value | quote }}
{{- else if kindIs "map" $value }}
{{- $lists := dict }}
{{- range $inner, $said := $value }}
{{- if kindIs "slice" $said }}
{{- $_ := set $lists $inner $said }}
{{- else if not (kindIs "invalid" $said) }}
{{ $variable }}__{{ upper $inner }}: {{ include "hive.text" $said }}
{{- end }}
{{- end }}
{{- if $lists }}
{{ $variable }}: {{ toJson $lists | quote }}
{{- end }}
{{- else if not (kindIs "invalid" $value) }}
{{ $variable }}: {{ include "hive.text" $value }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* A value as quoted text; a number is written out, not with an exponent. */}}
{{- define "hive.text" -}}
{{- if kindIs "string" . -}}{{ quote . }}{{- else -}}{{ toJson . | quote }}{{- end -}}
{{- end -}}
