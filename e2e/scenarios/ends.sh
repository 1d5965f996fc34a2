# What survives a kill; what down leaves; another cluster. Sourced by ../run, which runs these last, and those of down after all others.

ends_scenarios() {
    scenario agent_may_be_killed "the agent may be killed while pods run"
    scenario controller_may_be_killed "the controller may be killed while pods run"
    scenario api_server_may_be_killed "the API server may be killed while pods run"
    scenario killed_machine_is_told "a killed machine is told truthfully, and others are untouched"
    scenario up_again_keeps_everything "up again keeps everything"
}

# survives PROCESS: it is killed; others keep running; all is as before within 60 s, and new pods start.
survives() {
    namespace e2e-kill
    sleeper stays e2e-kill
    local before pid
    before=$(identity stays e2e-kill)
    pid=$(process "$1")
    kill -9 "$pid"
    eventually 60 ready "$1"
    [[ $(process "$1") != "$pid" ]] || fail "$1 still has pid $pid"
    eventually 60 is "$before" identity stays e2e-kill
    eventually 60 runs stays e2e-kill
    sleeper "after-${1##*-}" e2e-kill
    kubectl delete pod "after-${1##*-}" -n e2e-kill --wait=false
}

agent_may_be_killed() { survives agent; }
controller_may_be_killed() { survives controller; }
api_server_may_be_killed() { survives kube-apiserver; }

killed_machine_is_told() {
    namespace e2e-kill
    sleeper stays e2e-kill
    sleeper dies e2e-kill
    local before
    before=$(identity stays e2e-kill)
    kill -9 "$(machine dies e2e-kill)"
    eventually 60 is Failed kubectl get pod dies -n e2e-kill -o 'jsonpath={.status.phase}'
    expect "identity of the other" "$(identity stays e2e-kill)" "$before"
}

# ---- down ----

down_leaves_nothing() {
    local kind before=$logs/before
    "$monopod" down
    [[ ! -e $MONOPOD_DATA && ! -e /run/monopod ]] || fail "folders are left"
    if pgrep -f "$dist/monopod-control-plane"; then fail "processes are left"; fi
    if ip -o link | grep mp-; then fail "links are left"; fi
    if nft list tables | grep monopod; then fail "nft tables are left"; fi
    host_state | diff "$before" - || fail "the host differs from what it was"
}

# ---- another cluster ----

# other_cluster FOLDER: a control plane that knows nothing of Monopod. Prints its pid when it answers.
other_cluster() {
    local address
    address=$(ip -4 -o addr show scope global | awk '{ sub("/.*", "", $4); print $4; exit }')
    [[ -n $address ]] || skip "this machine has no address but loopback's"
    cat >"$1/config.json" <<JSON
{"dataDir": "$1/data", "runDir": "$1/run", "controlPlane": true, "hostAddress": "$address", "networkNamespace": "none"}
JSON
    mkdir -p "$1/data/logs" "$1/run"
    "$dist/monopod-control-plane" supervise --config "$1/config.json" >"$1/log" 2>&1 &
    other_pid=$!
    eventually 60 kubectl get service kube-dns -n kube-system
}

other_cluster_stop() {
    hosts_end
    [[ ! -e $MONOPOD_DATA ]] || "$monopod" down || true
    if kill "$other_pid" 2>/dev/null; then wait "$other_pid" || true; fi
    rm -rf "$1"
}

joins_another_cluster() {
    local folder
    folder=$(mktemp -d /tmp/other.XXXXXX)
    export KUBECONFIG=$folder/data/kubeconfig/admin.kubeconfig
    trap 'other_cluster_stop '"$folder" EXIT
    other_cluster "$folder"
    "$monopod" up --kubeconfig "$KUBECONFIG"
    expect "phase of hello" "$(field pod hello .status.phase)" Running
    # This API server checks the kubelets' certificates, so its administrator adds who signs them.
    cat "$MONOPOD_DATA/pki/kubelet-ca.crt" >>"$folder/data/pki/kubelet-ca.crt"
    kill -9 "$(process kube-apiserver "$folder/run")"
    eventually 60 kubectl logs hello
    contains "$(kubectl logs hello)" "Hello from a machine of my own"
    expect "exec" "$(kubectl exec hello -- echo word)" word
    contains "$(inside hello default 'timeout 20 nslookup kubernetes.default.svc.cluster.local')" 10.100.0.1
    second_host_of_another_cluster "$(ip -4 -o addr show scope global | awk '!/ mp-/ { sub("/.*", "", $4); print $4; exit }')"
    "$monopod" down
    expect "what is left" "$(kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies,crd,nodes,pods -A -o name)" ""
}

# host_state: what of the kernel's state must be the same before up and after down.
host_state() {
    ip -o link show | awk '{ print "link", $2 }'
    ip -4 route show table all | sed 's/^/route /'
    ip rule show | sed 's/^/rule /'
    ip netns list | sed 's/^/netns /'
    nft list tables | sed 's/^/nft /'
    awk '{ print "mount", $2, $3 }' /proc/self/mounts
}
