{{- define "switchboard.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "switchboard.selector" -}}
app.kubernetes.io/name: switchboard
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "switchboard.labels" -}}
{{ include "switchboard.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "switchboard.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "switchboard.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "switchboard.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* The name of the claim for uploaded files. */}}
{{- define "switchboard.claim" -}}
{{ .Values.attachments.volume.existingClaim | default (printf "%s-files" (include "switchboard.name" .)) }}
{{- end }}

{{/* The names of the files that are given, as JSON. */}}
{{- define "switchboard.files" -}}
{{- $given := list }}
{{- range $name, $content := .Values.files }}{{ if $content }}{{ $given = append $given $name }}{{ end }}{{ end }}
{{- $given | sortAlpha | toJson }}
{{- end }}

{{/* What a schema cannot say. Each sentence says what to change. */}}
{{- define "switchboard.check" -}}
{{- $most := ternary .Values.autoscaling.max .Values.replicas .Values.autoscaling.enabled | int }}
{{- $attachments := .Values.attachments }}
{{- if not $attachments.store }}
{{- fail "attachments.store must say where uploaded files go: \"s3\", \"volume\", or \"off\" to accept none." }}
{{- end }}
{{- if and (eq $attachments.store "volume") (gt $most 1) (not $attachments.volume.existingClaim) (ne $attachments.volume.accessMode "ReadWriteMany") }}
{{- fail "Several replicas need one place for uploaded files: set attachments.store to \"s3\", or attachments.volume.accessMode to ReadWriteMany, or replicas to 1." }}
{{- end }}
{{- if and (eq $attachments.store "s3") (not (and $attachments.s3.endpoint $attachments.s3.bucket)) }}
{{- fail "attachments.store is \"s3\": set attachments.s3.endpoint and attachments.s3.bucket, and put S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY into the secret." }}
{{- end }}
{{- /* During an upgrade there is one replica more. */}}
{{- $needed := add (mul (add $most 1) (add .Values.database.poolSize 1)) .Values.database.reserved | int }}
{{- if and (gt (int .Values.database.maxConnections) 0) (gt $needed (int .Values.database.maxConnections)) }}
{{- fail (printf "%d replicas, and one more during an upgrade, may open %d database connections with those reserved, but database.maxConnections is %d: lower database.poolSize or the replicas, put a pooler in front, or raise max_connections of the server." $most $needed (int .Values.database.maxConnections)) }}
{{- end }}
{{- end }}
