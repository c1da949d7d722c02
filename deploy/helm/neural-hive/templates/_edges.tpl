{{/* Who speaks with whom: the rules of a process's NetworkPolicy, as (dict "root" $ "process" $process "processes" $all). */}}

{{- define "hive.peer" -}}
namespaceSelector:
  matchLabels:
    kubernetes.io/metadata.name: {{ .process.namespace }}
podSelector:
  matchLabels: {{- include "hive.selector" (dict "root" .root "app" .process.app) | nindent 4 }}
{{- end -}}

{{- define "hive.ingress" -}}
{{- $root := .root -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- if eq .process.role "gateway" }}
- from:
    - podSelector: {matchLabels: {neural-hive/client: "true"}}
    {{- with $policy.clients }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports: [{port: {{ .process.settings.port }}, protocol: TCP}]
{{- end }}
{{- if eq .process.role "specialist" }}
- from:
    {{- range .processes }}
    {{- if ne .role "specialist" }}
    - {{ include "hive.peer" (dict "root" $root "process" .) | nindent 6 | trim }}
    {{- end }}
    {{- end }}
  ports: [{port: {{ .process.settings.grpc_port }}, protocol: TCP}]
{{- end }}
{{- with $policy.prometheus }}
- from: {{- toYaml . | nindent 4 }}
  ports: [{port: {{ $.process.settings.port }}, protocol: TCP}]
{{- end }}
{{- with .process.pod.networkPolicy.extraIngress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "hive.egress" -}}
{{- $root := .root -}}
{{- include "hive.dns" .root }}
{{- if ne .process.role "specialist" }}
{{- range .processes }}
{{- if eq .role "specialist" }}
- to:
    - {{ include "hive.peer" (dict "root" $root "process" .) | nindent 6 | trim }}
  ports: [{port: {{ .settings.grpc_port }}, protocol: TCP}]
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $edge := include "hive.stores" . | fromJson }}
- {{ with $edge.to }}to: {{ toYaml . | nindent 4 }}
  {{ end -}}
  ports:
    {{- range $edge.ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}
{{- with .process.pod.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "hive.dns" }}
{{- with .Values.networkPolicy.dns }}
- {{ with .to }}to: {{ toYaml . | nindent 4 }}
  {{ end -}}
  ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: UDP}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}
{{- end -}}

{{- /* The edges of networkPolicy that this process has a use for, by name, as JSON. */}}
{{- define "hive.stores" -}}
{{- $used := dict -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $p := .process -}}
{{- range $name := list "ledger" "graph" "cache" "queue" "models" -}}
  {{- $said := get $p.settings $name | default "" -}}
  {{- $here := or (eq $said "") (hasPrefix "sqlite:" $said) (hasPrefix "memory:" $said) (hasPrefix "packaged:" $said) -}}
  {{- if or (hasKey $p.secrets $name) (not $here) -}}{{- $_ := set $used $name (get $policy $name) -}}{{- end -}}
{{- end -}}
{{- if eq (($p.settings.auth | default dict).mode | default "none") "oidc" -}}{{- $_ := set $used "issuer" $policy.issuer -}}{{- end -}}
{{- if ($p.settings.traces | default dict).endpoint -}}{{- $_ := set $used "traces" $policy.traces -}}{{- end -}}
{{- $used | toJson -}}
{{- end -}}
