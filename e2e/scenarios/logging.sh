# Logs of pods at an output, by ConfigMap aws-observability/aws-logging. A topic of ../run.

logging_scenarios() {
    scenario logging_at_an_output "logging: lines of a pod arrive at an output with its metadata, through its filters, also those of a time in which output or agent were away"
}

# logging_sink FILE [PORT], in the background only: takes _bulk at a port of the host, which it prints, and appends each document to the file;
# what is posted elsewhere, to Loki, Splunk or a collector of OpenTelemetry, to FILE.loki, FILE.services and FILE.v1.
logging_sink() {
    exec python3 -u - "$1" "${2:-0}" <<'PYTHON'
import http.server, json, sys
class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        lines = body.splitlines()
        if self.path != "/_bulk":
            json.loads("[" + body.replace("}{", "},{") + "]")
            with open(sys.argv[1] + "." + self.path.split("/")[1], "a") as file:
                file.write(body + "\n")
            lines = []
        with open(sys.argv[1], "a") as file:
            for line in lines[1::2]:
                file.write(line + "\n")
        answer = json.dumps({"errors": False, "items": [{"create": {"status": 201}} for _ in lines[1::2]]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Sink)
print(server.server_address[1], flush=True)
server.serve_forever()
PYTHON
}

# logging_has TEXT [KIND]: whether a document that arrived has the text.
logging_has() { grep -qF "$1" "$logs/documents${2:+.$2}"; }

logging_told() { kubectl get events -n "$1" -o 'jsonpath={range .items[*]}{.reason}: {.message}{"\n"}{end}'; }

logging_at_an_output() {
    local port sink agent
    rm -f "$logs/documents"* "$logs/sink"
    touch "$logs/documents"
    logging_sink "$logs/documents" >"$logs/sink" &
    sink=$!
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
    eventually 20 test -s "$logs/sink"
    port=$(<"$logs/sink")
    kubectl create namespace aws-observability >/dev/null 2>&1 && echo aws-observability >>"$made_namespaces"
    kubectl label namespace aws-observability aws-observability=enabled --overwrite >/dev/null
    kubectl apply -f - <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-logging, namespace: aws-observability}
data:
  parsers.conf: |
    [PARSER]
        Name crio
        Format Regex
        Regex ^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>P|F) (?<log>.*)$
        Time_Key time
        Time_Format %Y-%m-%dT%H:%M:%S.%L%z
  filters.conf: |
    [FILTER]
        Name parser
        Match *
        Key_name log
        Parser crio
    [FILTER]
        Name kubernetes
        Match kube.*
        Merge_Log On
        Keep_Log Off
        Buffer_Size 0
        Kube_Meta_Cache_TTL 300s
    [FILTER]
        Name grep
        Match *
        Exclude log secret
  output.conf: |
    [OUTPUT]
        Name es
        Match *
        Host 127.0.0.1
        Port $port
        Index pods
        Suppress_Type_Name On
    [OUTPUT]
        Name opentelemetry
        Match *
        Port $port
        Logs_Body_Key \$log
    [OUTPUT]
        Name loki
        Match *
        Port $port
        Labels job=pods, pod=\$kubernetes['pod_name']
    [OUTPUT]
        Name splunk
        Match *
        Port $port
        Splunk_Token of-e2e
YAML
    namespace e2e-logging
    kubectl apply -n e2e-logging -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: talker, labels: {app: talker}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: "$registry/busybox:1"
      command: [sh, -c, 'echo hello; echo a secret; echo "{\"level\":\"warn\",\"text\":\"merged\"}"; n=0; while true; do n=\$((n+1)); echo "line \$n;"; sleep 0.2; done']
YAML
    eventually 120 runs talker e2e-logging
    expect "the annotation" "$(field pod talker .metadata.annotations.Logging -n e2e-logging)" LoggingEnabled
    contains "$(logging_told e2e-logging)" 'LoggingEnabled: Successfully enabled logging for pod'
    eventually 30 logging_has '"log":"hello"'
    contains "$(grep -F '"log":"hello"' "$logs/documents")" '"stream":"stdout"' '"pod_name":"talker"' '"namespace_name":"e2e-logging"' \
        '"app":"talker"' '"container_name":"main"' "\"pod_id\":\"$(field pod talker .metadata.uid -n e2e-logging)\"" '"@timestamp":"20'
    eventually 30 logging_has '"text":"merged"'
    ! logging_has '"log":"a secret"' || fail "the filter let a line pass that it excludes"

    # Neither an output that is away nor a kill of the agent loses a line.
    kill "$sink"
    wait "$sink" 2>/dev/null || true
    agent=$(process agent)
    kill -9 "$agent"
    eventually 60 kubectl exec talker -n e2e-logging -- true
    logging_sink "$logs/documents" "$port" >"$logs/sink" &
    sink=$!
    local last
    last=$(kubectl logs talker -n e2e-logging --tail 1)
    eventually 90 logging_has "\"log\":\"$last\""
    local missing
    missing=$(kubectl logs talker -n e2e-logging | grep -o '^line [0-9]*;' | sed "/^$last\$/q" | sort -u |
        comm -23 - <(grep -o '"log":"line [0-9]*;"' "$logs/documents" | cut -d'"' -f4 | sort -u))
    expect "lines that did not arrive" "$missing" ''
    local kind
    for kind in v1 loki services; do
        eventually 60 logging_has "$last" "$kind"
        missing=$(kubectl logs talker -n e2e-logging | grep -o '^line [0-9]*;' | sed "/^$last\$/q" | sort -u |
            comm -23 - <(grep -o 'line [0-9]*;' "$logs/documents.$kind" | sort -u))
        expect "lines that did not arrive at $kind" "$missing" ''
    done
    contains "$(<"$logs/documents.v1")" '{"key":"k8s.pod.name","value":{"stringValue":"talker"}}' '"body":{"stringValue":"hello"}'
    contains "$(<"$logs/documents.loki")" '{"stream":{"job":"pods","pod":"talker"},"values":[["'
    contains "$(<"$logs/documents.services")" '"event":{"' '"pod_name":"talker"'
    # The records of the others have the manifest, in an annotation.
    ! logging_has '"stringValue":"a secret"' v1 || fail "the filter let a line pass that it excludes"

    # The last words of a pod arrive though it is gone.
    kubectl run job -n e2e-logging --image "$registry/busybox:1" --restart Never --command -- sh -c 'echo last words'
    eventually 120 is Succeeded field pod job .status.phase -n e2e-logging
    kubectl delete pod job talker -n e2e-logging --wait=false
    eventually 60 logging_has '"log":"last words"'
    kubectl delete configmap aws-logging -n aws-observability
    kill "$sink"
    wait "$sink" 2>/dev/null || true
}
