{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{- define "clew.name" -}}
{{- if contains "clew" .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}{{ else }}{{ printf "%s-clew" .Release.Name | trunc 63 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "clew.account" -}}
{{- default (include "clew.name" .) .Values.serviceAccount.name }}
{{- end }}

{{- define "clew.selector" -}}
app.kubernetes.io/name: clew
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "clew.labels" -}}
{{ include "clew.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "clew.secret" -}}
{{- default (include "clew.name" .) .Values.otlp.existingSecret }}
{{- end }}

{{/* Where logs go is said by otlp.endpoint, or by one of the others; without any of them there is no chart. */}}
{{- define "clew.endpoint" -}}
{{- $named := or .Values.otlp.existingSecret .Values.config.outputs }}
{{- range .Values.env }}{{ if eq .name "OTEL_EXPORTER_OTLP_ENDPOINT" }}{{ $named = true }}{{ end }}{{ end }}
{{- if not $named }}
{{- required "otlp.endpoint: say where logs go, such as http://otel-collector.observability:4318 (or name a Secret of your own by otlp.existingSecret)" .Values.otlp.endpoint }}
{{- end }}
{{- end }}

{{- define "clew.config" -}}
data_dir: /var/lib/clew
{{- if not .Values.config.outputs }}
outputs:
  - endpoint: ${OTEL_EXPORTER_OTLP_ENDPOINT:?the Secret has to name the receiver}/v1/logs
    spool: {max_bytes: {{ .Values.spool.maxBytes | quote }}}
{{- end }}
inputs:
  - include: [/var/log/pods/*/*/*.log]
kubernetes:
  source: api
  node: ${NODE_NAME}
{{- with .Values.clusterName }}
  cluster: {{ . | quote }}
{{- end }}
  labels: {{ .Values.kubernetes.labels | toJson }}
  annotations: {{ .Values.kubernetes.annotations | toJson }}
  service: {{ .Values.kubernetes.service }}
  service_labels: {{ .Values.kubernetes.serviceLabels }}
control:
  listen: "[::]:9464"
{{- end }}

{{- define "clew.merged" -}}
{{- toYaml (mustMergeOverwrite (fromYaml (include "clew.config" .)) .Values.config) }}
{{- end }}
