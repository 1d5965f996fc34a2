{{/* Names are fixed: rights, webhooks and `monopod up` go by them, and a cluster has one. */}}
{{- define "monopod.name" -}}
{{- if ne .Release.Namespace "monopod-system" -}}
{{- fail (printf "the namespace is %s; rights and hosts know monopod-system only: helm install monopod CHART --namespace monopod-system --create-namespace" .Release.Namespace) -}}
{{- end -}}
monopod-controller
{{- end }}

{{- define "monopod.labels" -}}
app.kubernetes.io/part-of: monopod
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "monopod.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Of a container: nothing of the node, and no more than it has. */}}
{{- define "monopod.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "monopod.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* A program of the image that is not its own: (list CONTEXT CLASS). */}}
{{- define "monopod.java" -}}
[java, -XX:TieredStopAtLevel=1, -Dlogback.configurationFile=monopod-process-logback.xml, -cp, /usr/lib/monopod/lib/controller.jar, dev.monopod.controller.{{ index . 1 }}]
{{- end }}

{{/* Of a container: where the API server is, if the operator says so. */}}
{{- define "monopod.apiServer" -}}
{{- if .Values.apiServer.host }}
env:
  - {name: KUBERNETES_SERVICE_HOST, value: {{ .Values.apiServer.host | quote }}}
  - {name: KUBERNETES_SERVICE_PORT, value: {{ .Values.apiServer.port | quote }}}
{{- end }}
{{- end }}

{{/* Of a pod: where it runs, and the image. */}}
{{- define "monopod.placing" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
nodeSelector: {{ toJson .Values.nodeSelector }}
{{- with .Values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- end }}
