{{/*
The kubelet's gRPC probe speaks no TLS: where the gRPC port does, the metrics port is asked, which may. A Pod that starts has as long as
its state takes to load; one that is alive but not ready, as while it shuts down, gets no clients.
*/}}
{{- define "binlogd.probes" -}}
{{- range $i, $probe := list (dict "name" "startupProbe" "path" "/healthz" "failureThreshold" 60 "periodSeconds" 2)
    (dict "name" "livenessProbe" "path" "/healthz" "failureThreshold" 6 "periodSeconds" 10)
    (dict "name" "readinessProbe" "path" "/readyz" "failureThreshold" 2 "periodSeconds" 5) }}
{{- if $i }}
{{ end -}}
{{ $probe.name }}:
  {{- if $.Values.tls.enabled }}
  httpGet:
    port: metrics
    path: {{ $probe.path }}
    scheme: {{ if include "binlogd.metricsTls" $ }}HTTPS{{ else }}HTTP{{ end }}
  {{- else }}
  grpc:
    port: 7070
  {{- end }}
  periodSeconds: {{ $probe.periodSeconds }}
  failureThreshold: {{ $probe.failureThreshold }}
  timeoutSeconds: 5
{{- end }}
{{- end -}}
