{{- define "doorward.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "doorward.selector" -}}
app.kubernetes.io/name: doorward
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{- define "doorward.labels" -}}
{{ include "doorward.selector" . }}
{{ include "doorward.common" . }}
{{- end }}

{{- define "doorward.nats.selector" -}}
app.kubernetes.io/name: doorward
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: nats
{{- end }}

{{- define "doorward.nats.labels" -}}
{{ include "doorward.nats.selector" . }}
{{ include "doorward.common" . }}
{{- end }}

{{- define "doorward.common" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}


{{- define "doorward.nats.url" -}}
{{- if not .Values.nats.enabled }}{{ required "nats.url is needed where nats.enabled is false" .Values.nats.url }}
{{- else }}
{{- $name := printf "%s-nats" (include "doorward.name" .) }}
{{- $scheme := ternary "tls" "nats" (ne .Values.nats.tls.existing "") }}
{{- $servers := list }}
{{- range $number := until 3 }}
{{- $servers = append $servers (printf "%s://%s-%d.%s.%s.svc:4222" $scheme $name $number $name $.Release.Namespace) }}
{{- end }}
{{- join "," $servers }}
{{- end }}
{{- end }}
