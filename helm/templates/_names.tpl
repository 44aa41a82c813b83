{{/* What the API speaks: https where the configuration names a certificate. */}}
{{- define "sluice.scheme" -}}
{{- if dig "server" "tls" "certFile" "" .Values.config }}https{{ else }}http{{ end }}
{{- end -}}
{{- define "sluice.labels" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}
