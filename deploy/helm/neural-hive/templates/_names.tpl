{{/* Names, labels and the image. */}}

{{- /* The namespace of a process: (dict "root" $ "name" "gateway"). */}}
{{- define "hive.namespace" -}}
{{- if eq .root.Values.namespaces.mode "single" -}}
{{ .root.Release.Namespace }}
{{- else -}}
{{ .root.Values.namespaces.prefix }}{{ .name }}
{{- end -}}
{{- end -}}

{{- /* What a selector asks for; it never changes: (dict "root" $ "app" "gateway"). */}}
{{- define "hive.selector" -}}
app: {{ .app }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "hive.labels" -}}
{{ include "hive.selector" . }}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/component: {{ .role }}
app.kubernetes.io/part-of: neural-hive-mind
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* Metadata of an object of a process: (dict "root" $ "process" $process), and "name" if it is not the process's own. */}}
{{- define "hive.metadata" -}}
name: {{ .name | default .process.app }}
namespace: {{ .process.namespace }}
labels:
  {{- include "hive.labels" (dict "root" .root "app" .process.app "role" .process.role) | nindent 2 }}
{{- end -}}

{{- define "hive.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{- /* Where specialists are reached by gRPC, balanced over all their pods: (dict "root" $ "process" $specialist). */}}
{{- define "hive.grpcHost" -}}
{{ .process.app }}-headless.{{ .process.namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end -}}
