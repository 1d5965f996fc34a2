# Patching: machines that are out of date are made anew, as budgets allow. Sourced by ../run.

patching_scenarios() {
    scenario patching_loses_no_request "patching replaces the machines of ten pods with a budget of one, and loses no request"
    scenario refused_evictions_end_at_the_deadline "a pod whose budget allows nothing gets EKS' event, and is deleted at its deadline"
    scenario rounds_of_patching_come_by_a_schedule "rounds of patching come by a schedule, and wrong ones are refused by name"
}

# outdated NAMESPACE LABEL: has the machines of these pods say that they are of an earlier guest, as after an upgrade of their host.
outdated() {
    local uid
    for uid in $(kubectl get pods -n "$1" -l "$2" -o 'jsonpath={.items[*].metadata.uid}'); do
        eventually 60 machine_says "$uid"
        kubectl patch machine "m-$uid" --subresource=status --type=merge -p '{"status":{"versions":{"guest":"0123456789ab"}}}' >/dev/null
    done
}
machine_says() { [[ -n $(field machine "m-$1" .status.versions.guest) ]]; }
patch_uids() { kubectl get pods -n e2e-patch -l "$1" -o 'jsonpath={range .items[*]}{.metadata.uid}{"\n"}{end}' | sort; }
patch_web_ready() { is "$1" field deployment web .status.readyReplicas -n e2e-patch; }

patching_loses_no_request() {
    takes_long patching_loses_no_request
    local before pods=${MONOPOD_E2E_PATCH_PODS:-10}
    namespace e2e-patch
    sleeper asker e2e-patch
    kubectl apply -n e2e-patch -f - <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: $pods
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 15
      containers:
      - name: nginx
        image: $registry/web:1
        ports: [{name: http, containerPort: 80}]
        readinessProbe: {httpGet: {port: http}, periodSeconds: 1, timeoutSeconds: 5}
        lifecycle: {preStop: {sleep: {seconds: 5}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: web}}
YAML
    eventually 300 patch_web_ready "$pods"
    contains "$("$monopod" patch --dry-run)" "all pods run on machines that are up to date"
    outdated e2e-patch app=web
    before=$(patch_uids app=web)
    contains "$("$monopod" patch --dry-run)" "guest 0123456789ab →" "web: allows 1 now" "ReplicaSet web-"
    inside asker e2e-patch 'cd /tmp && while [ ! -e stop ]; do if timeout 10 wget -qO- http://web/ >/dev/null; then echo >>answers; else echo lost >>lost; fi; done >/dev/null 2>&1 &'
    timeout 580 "$monopod" patch --now | tee "$logs/patch.progress"
    contains "$(<"$logs/patch.progress")" "$pods of $pods pods patched, $pods evicted, 0 deleted at their deadline" "waits for its budget"
    eventually 60 patch_web_ready "$pods"
    expect "pods that are there still" "$(comm -12 <(echo "$before") <(patch_uids app=web) | wc -l)" 0
    inside asker e2e-patch 'touch /tmp/stop'
    expect "lost requests" "$(inside asker e2e-patch 'cat /tmp/lost 2>/dev/null | wc -l')" 0
    inside asker e2e-patch 'wc -l </tmp/answers'
    contains "$("$monopod" patch --dry-run)" "all pods run on machines that are up to date"
    kubectl delete namespace e2e-patch --wait=false
}

# patch_listener PORT FILE: keeps what is posted.
patch_listener() {
    python3 - "$1" "$2" <<'PYTHON' &
import http.server, sys
class Keep(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open(sys.argv[2], "ab") as kept:
            kept.write(self.rfile.read(int(self.headers["Content-Length"])) + b"\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Keep).serve_forever()
PYTHON
    patch_listener_pid=$!
}

refused_evictions_end_at_the_deadline() {
    local posted=$logs/patch.posted round
    rm -f "$posted"
    patch_listener 5098 "$posted"
    trap 'kill "$patch_listener_pid"' EXIT
    namespace e2e-stuck
    sleeper stuck e2e-stuck
    kubectl label pod stuck -n e2e-stuck app=stuck
    kubectl create poddisruptionbudget stuck -n e2e-stuck --selector=app=stuck --min-available=1
    eventually 30 is 1 field poddisruptionbudget stuck .status.expectedPods -n e2e-stuck
    outdated e2e-stuck app=stuck
    contains "$("$monopod" patch --dry-run)" "stuck: never allows any" "nobody: it ends"
    timeout 240 "$monopod" patch --now --deadline PT1M --notify http://127.0.0.1:5098/hook | tee "$logs/patch.refused"
    contains "$(<"$logs/patch.refused")" "1 refused (e2e-stuck/stuck: Cannot evict pod as it would violate the pod's disruption budget)" \
        ", 1 deleted at their deadline"
    eventually 30 is "" kubectl get pod stuck -n e2e-stuck --ignore-not-found -o name
    expect "notices" "$(wc -l <"$posted")" 1
    contains "$(<"$posted")" '"detail-type":"EKS Fargate Pod Scheduled Termination","source":"aws.eks"' '"resources":["e2e-stuck/stuck"]' \
        '"fargateProfileName":"e2e","podName":"stuck","podNamespace":"e2e-stuck"' 'Z[UTC]"}}'
    expect "what the event says" "$(kubectl get events -n e2e-stuck --field-selector reason=EKSFargatePodScheduledTermination -o 'jsonpath={.items[*].message}')" "$(<"$posted")"
    round=$(kubectl get patchruns --sort-by=.metadata.creationTimestamp -o 'jsonpath={.items[-1:].metadata.name}')
    expect "the round" "$(field patchrun "$round" '.status.phase')" Done
    kubectl delete namespace e2e-stuck --wait=false
}

rounds_of_patching_come_by_a_schedule() {
    local answer
    answer=$("$monopod" patch --schedule '0 25 * * *' 2>&1) && fail "a schedule at 25 hours was taken"
    contains "$answer" "--schedule: five fields of cron" '`0 25 * * *`'
    answer=$("$monopod" patch --now --deadline PT59S 2>&1) && fail "a deadline of 59 seconds was taken"
    contains "$answer" "--deadline: from PT1M to P30D, not PT59S"
    "$monopod" patch --schedule '* * * * *' --deadline PT1H
    eventually 90 patch_scheduled
    contains "$("$monopod" patch)" 'schedule default: `* * * * *` (UTC), next 20' "0 of 0 pods patched, 0 evicted"
    "$monopod" patch --schedule off
    contains "$("$monopod" patch)" "no rounds are scheduled"
}
patch_scheduled() { kubectl get patchruns -o 'jsonpath={range .items[*]}{.metadata.name} {.status.phase}{"\n"}{end}' | grep -E '^default-[0-9]+ Done'; }
