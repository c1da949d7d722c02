{{/* The processes of this hive, each with all that its objects are made of; every other template ranges over them. */}}

{{- /* {"processes": [{app, role, namespace, args, pod, settings, secrets}, ...]} as JSON. */}}
{{- define "hive.processes" -}}
{{- $root := . -}}
{{- $specialists := list -}}
{{- range $name, $own := .Values.specialists -}}
  {{- $pod := mergeOverwrite (deepCopy $root.Values.pods) (deepCopy $root.Values.specialist) (deepCopy ($own | default dict)) -}}
  {{- if and $root.Values.specialist.enabled $pod.enabled -}}
    {{- $app := printf "specialist-%s" $name -}}
    {{- $base := dict "root" $root "role" "specialist" "app" $app "pod" $pod "args" (list "specialist" $name) -}}
    {{- $specialists = append $specialists (include "hive.process" (set $base "name" $name) | fromJson) -}}
  {{- end -}}
{{- end -}}
{{- $all := list -}}
{{- range $role := list "gateway" "worker" -}}
  {{- $pod := mergeOverwrite (deepCopy $root.Values.pods) (deepCopy (get $root.Values $role)) -}}
  {{- if or (eq $role "gateway") $pod.enabled -}}
    {{- $base := dict "root" $root "role" $role "app" $role "pod" $pod "args" (list $role) "specialists" $specialists -}}
    {{- $all = append $all (include "hive.process" (set $base "name" $role) | fromJson) -}}
  {{- end -}}
{{- end -}}
{{- range concat $all $specialists -}}
  {{- include "hive.check" (merge (dict "root" $root "specialists" $specialists) .) -}}
{{- end -}}
{{- dict "processes" (concat $all $specialists) | toJson -}}
{{- end -}}

{{- /* One process: (dict "root" $ "role" "app" "name" "pod" "args"), and for a hive "specialists". */}}
{{- define "hive.process" -}}
{{- $namespace := include "hive.namespace" (dict "root" .root "name" (ternary "gateway" .app (ne .role "specialist"))) -}}
{{- $settings := include "hive.settings" . | fromJson -}}
{{- $secrets := dict -}}
{{- range $name, $from := .root.Values.secretSettings -}}
  {{- if and $from (has $name (include "hive.reads" $ | fromJsonArray)) -}}
    {{- if get $settings $name -}}
      {{- fail (printf "\n\nsecretSettings.%s and the settings of %s both say where it is; leave one of them out." $name $.app) -}}
    {{- end -}}
    {{- $made := dict "name" (printf "%s-secrets" $.app) "key" (include "hive.variable" $name) "value" $from.value -}}
    {{- $_ := set $secrets $name (ternary $made $from (hasKey $from "value")) -}}
  {{- end -}}
{{- end -}}
{{- $pod := .pod -}}
{{- if eq .role "worker" -}}
  {{- $_ := set . "args" (concat .args (list "--concurrency" (toString $pod.concurrency) "--metrics-port" (toString $settings.port))) -}}
{{- end -}}
{{- $remote := or (hasKey $secrets "ledger") (hasPrefix "mongodb" ($settings.ledger | default "")) -}}
{{- $made := dict "app" .app "role" .role "name" .name "namespace" $namespace "args" .args "pod" $pod -}}
{{- mergeOverwrite $made (dict "settings" $settings "secrets" $secrets "embedded" (and (ne .role "specialist") (not $remote))) | toJson -}}
{{- end -}}
