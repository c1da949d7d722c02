{{/* The pod of every process: (dict "root" $ "process" $process). */}}

{{- define "hive.pod" -}}
{{- $p := .process -}}
{{- $pod := $p.pod -}}
{{- $hive := ne $p.role "specialist" -}}
metadata:
  labels:
    {{- include "hive.labels" (dict "root" .root "app" $p.app "role" $p.role) | nindent 4 }}
    {{- with $pod.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/settings: {{ include "hive.environment" $p.settings | sha256sum }}
    {{- with include "hive.secretData" $p }}
    checksum/secrets: {{ sha256sum . }}
    {{- end }}
    {{- with $pod.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ $p.app }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $pod.terminationGracePeriodSeconds }}
  {{- with .root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with $pod.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $pod.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pod.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pod.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $pod.topologySpread.enabled }}
  topologySpreadConstraints:
    {{- $selector := include "hive.selector" (dict "root" .root "app" $p.app) }}
    {{- range $pod.topologySpread.keys }}
    - topologyKey: {{ . }}
      maxSkew: {{ $pod.topologySpread.maxSkew }}
      whenUnsatisfiable: {{ $pod.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels: {{- $selector | nindent 10 }}
      matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- end }}
  securityContext: {{- include "hive.podSecurity" $pod | nindent 4 }}
  containers:
    - name: {{ $p.role }}
      image: {{ include "hive.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: {{ toJson $p.args }}
      envFrom:
        - configMapRef:
            name: {{ $p.app }}-settings
      {{- if or $p.secrets $pod.extraEnv }}
      env:
        {{- range $name, $from := $p.secrets }}
        - name: {{ include "hive.variable" $name }}
          valueFrom:
            secretKeyRef:
              name: {{ $from.name }}
              key: {{ $from.key }}
        {{- end }}
        {{- with $pod.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      ports:
        - name: http
          containerPort: {{ $p.settings.port }}
        {{- if not $hive }}
        - name: grpc
          containerPort: {{ $p.settings.grpc_port }}
        {{- end }}
      {{- include "hive.probes" $p | trim | nindent 6 }}
      resources: {{- toYaml $pod.resources | nindent 8 }}
      securityContext: {{- include "hive.containerSecurity" . | nindent 8 }}
      volumeMounts:
        {{- include "hive.mounts" . | nindent 8 }}
        {{- with $pod.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "hive.volumes" . | nindent 4 }}
    {{- with $pod.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "hive.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .runAsUser }}
runAsGroup: {{ .runAsGroup }}
fsGroup: {{ .fsGroup }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "hive.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* A worker has one page, its metrics. The kubelet speaks gRPC only in the clear. */}}
{{- define "hive.probes" -}}
{{- $p := . -}}
{{- $pages := dict "startup" "/health" "liveness" "/health" "readiness" "/ready" -}}
{{- $clear := not ($p.settings.tls | default dict).cert -}}
{{- range $name, $numbers := $p.pod.probes }}
{{ $name }}Probe:
  {{- if and (eq $p.role "specialist") $clear (eq $p.pod.grpcProbe $name) }}
  grpc:
    port: {{ $p.settings.grpc_port }}
  {{- else }}
  httpGet:
    path: {{ ternary "/metrics" (get $pages $name) (eq $p.role "worker") }}
    port: http
  {{- end }}
  {{- toYaml $numbers | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "hive.mounts" -}}
{{- $hive := ne .process.role "specialist" -}}
- name: tmp
  mountPath: /tmp
- name: data
  mountPath: {{ .process.settings.data_dir }}
{{- if .root.Values.tls.enabled }}
- name: tls
  mountPath: /secrets/tls
  readOnly: true
{{- end }}
{{- if and $hive .root.Values.ledgerKey.secret }}
- name: ledger-key
  mountPath: /secrets/ledger
  readOnly: true
{{- end }}
{{- if and $hive .root.Values.token.secret }}
- name: token
  mountPath: /secrets/token
  readOnly: true
{{- end }}
{{- end -}}

{{- define "hive.volumes" -}}
{{- $values := .root.Values -}}
{{- $hive := ne .process.role "specialist" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .process.pod.tmpSize }}
- name: data
{{- if and .process.embedded .process.pod.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ .process.pod.persistence.existingClaim | default (printf "%s-data" .process.app) }}
{{- else }}
  emptyDir:
    sizeLimit: {{ .process.pod.dataSize }}
{{- end }}
{{- if $values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ $values.tls.secret }}
    defaultMode: 0440
{{- end }}
{{- if and $hive $values.ledgerKey.secret }}
- name: ledger-key
  secret:
    secretName: {{ $values.ledgerKey.secret }}
    defaultMode: 0440
    items:
      - key: {{ $values.ledgerKey.key }}
        path: {{ $values.ledgerKey.key }}
{{- end }}
{{- if and $hive $values.token.secret }}
- name: token
  secret:
    secretName: {{ $values.token.secret }}
    defaultMode: 0440
    items:
      - key: {{ $values.token.key }}
        path: {{ $values.token.key }}
{{- end }}
{{- end -}}

{{- /* What the chart puts into a Secret of its own for this process; nothing when all its secrets are somebody else's. */}}
{{- define "hive.secretData" -}}
{{- range $name, $from := .secrets -}}
{{- if hasKey $from "value" }}
{{ $from.key }}: {{ quote $from.value }}
{{- end }}
{{- end -}}
{{- end -}}
