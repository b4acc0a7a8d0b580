{{- define "binlogd.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "binlogd.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "binlogd.labels" -}}
{{ include "binlogd.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "binlogd.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "binlogd.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "binlogd.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* The names that the server's certificate is for, as a YAML list. */}}
{{- define "binlogd.dnsNames" -}}
{{- $service := include "binlogd.fullname" . -}}
{{- $names := list -}}
{{- range $name := list $service (printf "%s-headless" $service) -}}
{{- $names = concat $names (list $name (printf "%s.%s" $name $.Release.Namespace) (printf "%s.%s.svc" $name $.Release.Namespace)) -}}
{{- end -}}
{{- toYaml (concat $names (list "localhost") .Values.tls.dnsNames) -}}
{{- end -}}

{{- define "binlogd.tlsSecretName" -}}
{{- if eq .Values.tls.source "secret" -}}{{ .Values.tls.secretName }}{{- else -}}{{ include "binlogd.fullname" . }}-tls{{- end -}}
{{- end -}}

{{/* Of a client; empty when there is none that is known. */}}
{{- define "binlogd.clientSecretName" -}}
{{- if and .Values.tls.enabled .Values.tls.clientCertificates -}}
{{- if eq .Values.tls.source "secret" -}}{{ .Values.tls.clientSecretName }}{{- else -}}{{ include "binlogd.fullname" . }}-client{{- end -}}
{{- end -}}
{{- end -}}

{{- define "binlogd.metricsTls" -}}
{{- if and .Values.tls.enabled .Values.tls.metrics -}}true{{- end -}}
{{- end -}}

{{/* What a Pod of ours may do to its node: nothing. */}}
{{- define "binlogd.containerSecurityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
privileged: false
readOnlyRootFilesystem: true
{{- end -}}

{{/* Whether the Pod of helm test has something to show: one that has not could only be refused. */}}
{{- define "binlogd.testable" -}}
{{- $client := include "binlogd.clientSecretName" . -}}
{{- $known := or (not .Values.users.existingSecret) .Values.users.testTokenSecret.name (and $client .Values.users.testCertificate) -}}
{{- $certified := or (not .Values.tls.enabled) (not .Values.tls.clientCertificates) $client .Values.users.testTokenSecret.name -}}
{{- if and $known $certified -}}true{{- end -}}
{{- end -}}

{{/* Not those that the Services select. */}}
{{- define "binlogd.testLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 58 }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What no schema can tell. */}}
{{- define "binlogd.check" -}}
{{- if and .Values.users.testTokenSecret.name (not .Values.tls.enabled) -}}
{{- fail "users.testTokenSecret is given and tls.enabled is false: binlogctl shows no token that could be read on the way; leave it out" -}}
{{- end -}}
{{- if and .Values.tls.enabled (not .Values.tls.clientCertificates) (not .Values.users.existingSecret) -}}
{{- fail "tls.clientCertificates is false and users.existingSecret is empty: everybody who reaches the port could do everything; give it one of them" -}}
{{- end -}}
{{- range $name, $spec := .Values.streamers -}}
{{- if hasKey $spec "name" -}}
{{- fail (printf "streamers.%s.name: the key %q is the streamer's name; leave it out" $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
