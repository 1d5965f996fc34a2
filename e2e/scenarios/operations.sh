# What operators do to a host. A topic of ../run.

operations_scenarios() {
    scenario cordoned_host_takes_no_pod "a cordoned host takes no pod, which says so, also after its agent began anew, until it is uncordoned"
    scenario drain_waits_for_budgets "drain of the only host names pods that nobody makes again, and waits for budgets that forbid"
}

operations_reason() { kubectl get pod waits -n e2e-operations -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}'; }
says_cordoned() { [[ $(operations_reason) == *"$1 is cordoned"* ]]; }
uncordons() { "$monopod" host uncordon "$1" >/dev/null; }

cordoned_host_takes_no_pod() {
    local host answer before
    host=$(first_host)
    namespace e2e-operations
    answer=$("$monopod" host cordon nowhere 2>&1) && fail "a host that is not there was cordoned"
    contains "$answer" "there is no host \`nowhere\`; there are: " "$host"
    trap "uncordons $host" EXIT
    expect "cordon" "$("$monopod" host cordon "$host")" "host/$host cordoned"
    expect "cordon again" "$("$monopod" host cordon "$host")" "host/$host already cordoned"
    contains "$("$monopod" host list)" "Ready,SchedulingDisabled"
    contains "$("$monopod" status)" "Ready,SchedulingDisabled"
    before=$(process agent)
    kill -9 "$before"
    eventually 60 another_agent "$before"
    sed "s|REGISTRY|$registry|g; s|NAME|waits|g" "$manifests/sleeper.yaml" | kubectl apply -n e2e-operations -f -
    eventually 30 says_cordoned "$host"
    # The agent has told of its host since.
    sleep 12
    expect "the pod" "$(field pod waits .status.phase -n e2e-operations)" Pending
    contains "$(kubectl get events -n e2e-operations --field-selector reason=FailedScheduling -o 'jsonpath={.items[*].message}')" "$host is cordoned"
    contains "$("$monopod" why waits -n e2e-operations)" "$host is cordoned" "monopod host uncordon $host"
    expect "uncordon" "$("$monopod" host uncordon "$host")" "host/$host uncordoned"
    eventually 120 runs waits e2e-operations
    trap - EXIT
}
another_agent() { [[ $(process agent) != "$1" ]] && ready agent; }

# forbid NAMESPACE...: budgets by which no pod there may be evicted.
forbid() {
    local namespace
    for namespace in "$@"; do
        kubectl apply -n "$namespace" -f - <<'YAML'
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: forbids}
spec: {minAvailable: 1000, selector: {}}
YAML
    done
}
budget_counts() { [[ $(field poddisruptionbudget forbids .status.expectedPods -n "$1") -gt 0 ]]; }
operations_pods() { kubectl get pods -n e2e-drain -l app=web -o 'jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName}{"\n"}{end}'; }

drain_waits_for_budgets() {
    local host answer pod namespaces
    host=$(first_host)
    namespace e2e-drain
    kubectl create deployment web -n e2e-drain --image="$registry/web:1"
    eventually 180 is 1 field deployment web .status.readyReplicas -n e2e-drain
    pod=$(kubectl get pods -n e2e-drain -o 'jsonpath={.items[0].metadata.name}')
    answer=$("$monopod" host drain "$host" --timeout 1d 2>&1) && fail "a time limit of a day was taken"
    contains "$answer" "--timeout: hours, minutes and seconds" "not \`1d\`"
    answer=$("$monopod" host drain "$host" 2>&1) && fail "pods that nobody makes again were evicted"
    contains "$answer" "nobody makes these pods again once they are evicted: " "default/hello" "--force"
    ! grep -q "SchedulingDisabled" <<<"$("$monopod" host list)" || fail "a drain that was refused has cordoned the host"
    # The pods of other scenarios are to stay.
    namespaces=$(kubectl get machines -o 'jsonpath={range .items[*]}{.spec.pod.namespace}{"\n"}{end}' | sort -u)
    trap "uncordons $host; kubectl delete poddisruptionbudgets -A --field-selector metadata.name=forbids" EXIT
    forbid $namespaces
    for namespace in $namespaces; do eventually 30 budget_counts "$namespace"; done
    contains "$("$monopod" host drain "$host" --force --dry-run)" "host/$host cordoned (dry run)" \
        "evicting pod e2e-drain/$pod (dry run; budget forbids: never allows any)"
    answer=$("$monopod" host drain "$host" --force --timeout 8s 2>&1) && fail "a drain that its budgets forbid has ended well"
    contains "$answer" "host/$host cordoned" "evicting pod e2e-drain/$pod" \
        "pod e2e-drain/$pod stays, and is tried again every 5 s: Cannot evict pod as it would violate the pod's disruption budget (forbids: never allows any)" \
        "host $host is not drained after 8s: " "default/hello (Cannot evict pod" "host/$host stays cordoned: monopod host uncordon $host"
    expect "the pod" "$(operations_pods | cut -d ' ' -f 1)" "$pod"
    kubectl delete poddisruptionbudget forbids -n e2e-drain
    answer=$("$monopod" host drain "$host" --force --timeout 30s 2>&1) && fail "a drain that budgets forbid has ended well"
    contains "$answer" "host/$host already cordoned" "pod e2e-drain/$pod evicted"
    ! operations_pods | grep -q "^$pod " || fail "the pod is there still"
    expect "the Node of the next one" "$(operations_pods | cut -d ' ' -f 2)" ""
    runs hello default || fail "a pod whose budget forbids it was evicted"
    # Ctrl-C: it stays cordoned, and says so.
    timeout -s INT 5 "$monopod" host drain "$host" --force >"$logs/drain.interrupted" 2>&1 && fail "an interrupted drain has ended well"
    contains "$(<"$logs/drain.interrupted")" "host/$host stays cordoned: monopod host uncordon $host"
    contains "$("$monopod" host list)" "Ready,SchedulingDisabled"
    uncordons "$host"
    eventually 180 is 1 field deployment web .status.readyReplicas -n e2e-drain
    kubectl delete namespace e2e-drain --wait=false
}
