# What operators do to a host and to the cluster's state. A topic of ../run.

operations_scenarios() {
    scenario cordoned_host_takes_no_pod "a cordoned host takes no pod, which says so, also after its agent began anew, until it is uncordoned"
    scenario drain_waits_for_budgets "drain of the only host names pods that nobody makes again, and waits for budgets that forbid"
    scenario backup_is_restored "a backup is restored: pods of its time run on, its Secrets are read, what was made later is gone"
}

operations_reason() { kubectl get pod waits -n e2e-operations -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}'; }
says_cordoned() { [[ $(operations_reason) == *"$1 is cordoned"* ]]; }
uncordons() { "$monopod" host uncordon "$1" >/dev/null; }

cordoned_host_takes_no_pod() {
    local host answer
    host=$(first_host)
    namespace e2e-operations
    answer=$("$monopod" host cordon nowhere 2>&1) && fail "a host that is not there was cordoned"
    contains "$answer" "there is no host \`nowhere\`; there are: " "$host"
    trap "uncordons $host" EXIT
    expect "cordon" "$("$monopod" host cordon "$host")" "host/$host cordoned"
    expect "cordon again" "$("$monopod" host cordon "$host")" "host/$host already cordoned"
    contains "$("$monopod" host list)" "Ready,SchedulingDisabled"
    contains "$("$monopod" status)" "Ready,SchedulingDisabled"
    killed agent
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

# spoil FILE BYTE COPY
spoil() { python3 -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[int(sys.argv[2])] ^= 64; open(sys.argv[3], "wb").write(b)' "$@"; }
word_of() { kubectl get secret "$1" -n e2e-backup -o 'jsonpath={.data.word}' | base64 -d; }
gone_machine() { [[ ! -d /proc/$1 ]]; }

backup_is_restored() {
    local file=$logs/backup.tar answer before younger host
    namespace e2e-backup
    sleeper stays e2e-backup
    kubectl create secret generic old -n e2e-backup --from-literal=word=melon-in-the-cellar
    before=$(identity stays e2e-backup)
    rm -f "$file"
    contains "$("$monopod" backup "$file")" " objects at revision " "Kubernetes v1."
    expect "mode of the backup" "$(stat -c %a "$file")" 600
    ! grep -aq melon-in-the-cellar "$file" || fail "the backup has the Secret as plain text"
    answer=$("$monopod" backup "$file" 2>&1) && fail "a backup was replaced"
    contains "$answer" "$file exists already"
    answer=$("$monopod" restore "$file" 2>&1) && fail "a backup was restored under a running control plane"
    contains "$answer" "Monopod runs on this machine" "monopod stop"

    kubectl create secret generic new -n e2e-backup --from-literal=word=later
    kubectl patch secret old -n e2e-backup -p "{\"stringData\":{\"word\":\"changed\"}}"
    sleeper younger e2e-backup
    younger=$(machine younger e2e-backup)
    "$monopod" stop
    answer=$("$monopod" restore "$file.none" 2>&1) && fail "a file that is not there was restored"
    contains "$answer" "$file.none: no such file, or not readable"
    spoil "$file" $(($(stat -c %s "$file") / 2)) "$file.spoilt"
    answer=$("$monopod" restore "$file.spoilt" 2>&1) && fail "a spoilt file was restored"
    contains "$answer" "$file.spoilt: it is spoilt: etcd/snapshot.db has SHA-256 "
    [[ -z $(ls -d "$MONOPOD_DATA"/before-restore-* 2>/dev/null) ]] || fail "a spoilt file has changed something"
    answer=$("$monopod" restore "$file")
    contains "$answer" "The cluster is as it was at 20" "$MONOPOD_DATA/before-restore-" "monopod start"
    [[ -f $(ls -d "$MONOPOD_DATA"/before-restore-*)/etcd/member/snap/db ]] || fail "what was there is not put aside"
    "$monopod" start

    eventually 60 is "$before" identity stays e2e-backup
    expect "the old Secret" "$(word_of old)" melon-in-the-cellar
    contains "$(in_etcd /registry/secrets/e2e-backup/old | head -c 30 | tr -d '\0')" "k8s:enc:secretbox:v1:"
    expect "what was made later" "$(kubectl get secret/new pod/younger -n e2e-backup --ignore-not-found -o name)" ""
    eventually 90 gone_machine "$younger"
    expect "identity of the old pod" "$(identity stays e2e-backup)" "$before"
    sleeper after e2e-backup
    rm -f "$file" "$file.spoilt"
    kubectl delete namespace e2e-backup --wait=false
}
