# What survives a kill; what down leaves; another cluster. Sourced by ../run, which runs these last, and those of down after all others.

ends_scenarios() {
    scenario agent_may_be_killed "the agent may be killed while pods run"
    scenario controller_may_be_killed "the controller may be killed while pods run"
    scenario api_server_may_be_killed "the API server may be killed while pods run"
    scenario killed_machine_is_told "a killed machine is told truthfully, and others are untouched"
    scenario up_again_keeps_everything "up again keeps everything"
    scenario stop_leaves_machines_running "stop and start: no pod notices"
    scenario reboot_is_told "after a reboot everything is back, and pods whose machines are gone are told truthfully"
}

# survives PROCESS: it is killed; others keep running; all is as before within 60 s, and new pods start.
survives() {
    namespace e2e-kill
    sleeper stays e2e-kill
    local before
    before=$(identity stays e2e-kill)
    killed "$1"
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

stop_leaves_machines_running() {
    namespace e2e-stop
    sleeper stays e2e-stop
    local before machine
    before=$(identity stays e2e-stop)
    machine=$(machine stays e2e-stop)
    contains "$("$monopod" stop)" "machines run on" "monopod start"
    if "$monopod" status >/dev/null; then fail "status says that all is well"; fi
    [[ -d /proc/$machine ]] || fail "its machine ended with the processes"
    "$monopod" start
    eventually 60 is "$before" identity stays e2e-stop
    sleeper after e2e-stop
}

# ours NAME...: pids of programs of these names that were started for this Monopod's folders.
ours() {
    local name pid
    for name in "$@"; do
        for pid in $(pgrep -x "$name"); do
            [[ $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) != *"$MONOPOD_DATA/"* && $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) != */run/monopod/* ]] ||
                echo "$pid"
        done
    done
}

# reboot: what one takes along, and nothing else: processes, the run folder, networks and rules, mounts.
reboot() {
    local pids pid family table
    # The supervisor comes first, which would start the others again.
    pids=$("$dist/monopod-control-plane" supervisor-status | sed -n 's/^ *"pid": \([0-9]*\).*/\1/p')
    for pid in $pids $(ours qemu-system-x86 haproxy monopod-layers monopod-jail); do kill -9 "$pid" || true; done
    awk -v data="$MONOPOD_DATA/" 'index($2, data) == 1 || index($2, "/run/monopod/") == 1 { print $2 }' /proc/mounts | tac |
        xargs -r umount --lazy
    ip netns list | awk '/^monopod-/ { print $1 }' | xargs -r -n 1 ip netns delete
    ip -o link | sed -n 's/^[0-9]*: \(mp-[^:@]*\).*/\1/p' | while read -r pid; do ip link delete "$pid" 2>/dev/null || true; done
    nft list tables | awk '$3 ~ /^monopod/ { print $2, $3 }' | while read -r family table; do nft delete table "$family" "$table"; done
    rm -rf /run/monopod
}

reboot_is_told() {
    namespace e2e-reboot
    sleeper alone e2e-reboot
    kubectl create deployment kept -n e2e-reboot --image="$registry/busybox:1" -- sleep 100000
    eventually 120 is 1 field deployment kept .status.readyReplicas -n e2e-reboot
    local first
    first=$(kubectl get pods -n e2e-reboot -l app=kept -o 'jsonpath={.items[0].metadata.name}')
    reboot
    "$monopod" start
    eventually 120 is Failed field pod alone .status.phase -n e2e-reboot
    contains "$(kubectl get events -n e2e-reboot -o wide)" "pod/alone"
    eventually 180 is 1 field deployment kept .status.readyReplicas -n e2e-reboot
    [[ $(kubectl get pods -n e2e-reboot -l app=kept --field-selector status.phase=Running -o name) != "pod/$first" ]] ||
        fail "$first is said to run on, and its machine is gone"
    sleeper after e2e-reboot
}

# ---- down ----

down_leaves_nothing() {
    local kind before=$logs/before
    "$monopod" down
    [[ ! -e $MONOPOD_DATA && ! -e /run/monopod ]] || fail "folders are left"
    if pgrep -f "$MONOPOD_DATA/programs/"; then fail "processes are left"; fi
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
    # This control plane is of Monopod's build: it is left without what `up` is to bring.
    kubectl delete $(kubectl get clusterroles,clusterrolebindings -o name | grep -E 'monopod:(agent|controller|logging)') >/dev/null
    kubectl delete namespace monopod-system >/dev/null
    "$monopod" up --kubeconfig "$KUBECONFIG"
    expect "phase of hello" "$(field pod hello .status.phase)" Running
    # This API server checks the kubelets' certificates, so its administrator adds who signs them.
    cat "$MONOPOD_DATA/pki/kubelet-ca.crt" >>"$folder/data/pki/kubelet-ca.crt"
    kill -9 "$(process kube-apiserver "$folder/run")"
    eventually 60 kubectl logs hello
    contains "$(kubectl logs hello)" "Hello from a machine of my own"
    expect "exec" "$(kubectl exec hello -- echo word)" word
    contains "$(inside hello default 'timeout 20 nslookup kubernetes.default.svc.cluster.local')" 10.100.0.1
    joined_host_is_captured
    second_host_of_another_cluster "$(ip -4 -o addr show scope global | awk '!/ mp-/ { sub("/.*", "", $4); print $4; exit }')"
    joined_host_is_revoked
    administrator_is_away "$folder"
    "$monopod" down --kubeconfig "$KUBECONFIG"
    expect "what is left" "$(kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies,crd,nodes,pods -A -o name)" ""
    expect "what is left of rights" "$(kubectl get clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,secrets -A -l app.kubernetes.io/part-of=monopod -o name)" ""
    eventually 60 is "" kubectl get namespace monopod-system --ignore-not-found -o name
}

# as_joined PROCESS ARGUMENT...: kubectl with the credential that this host's process has in the other cluster.
as_joined() { kubectl --kubeconfig "$MONOPOD_DATA/kubeconfig/joined-$1.kubeconfig" "${@:2}"; }

# refuses WORD COMMAND...: the command fails, and says the word.
refuses() {
    local answer
    if answer=$("${@:2}" 2>&1); then fail "it is allowed: ${*:2}"; fi
    contains "$answer" "$1"
}

# tells WORD COMMAND...: the command says the word, however it ends.
tells() {
    local answer
    answer=$("${@:2}" 2>&1) || true
    [[ $answer == *"$1"* ]]
}

# The credentials that lie on this host, in the hands of somebody else: threat model, host → cluster.
joined_host_is_captured() {
    local machine key host
    host=$(first_host)
    key=$(sed -n 's/ *client-key-data: //p' "$KUBECONFIG")
    [[ -n $key ]] || fail "the administrator's kubeconfig has no key"
    expect "files with the administrator's key" "$(find "$MONOPOD_DATA" /run/monopod -type f -size -1M -exec grep -lF "$key" {} + || true)" ""
    if pgrep -af -- "--kubeconfig.$KUBECONFIG"; then fail "a process reads the administrator's kubeconfig"; fi
    kubectl create secret generic theirs -n kube-public --from-literal=word=secret
    refuses forbidden as_joined agent get secret theirs -n kube-public
    refuses forbidden as_joined agent get secrets -A
    machine=$(kubectl get machines.monopod.dev -o 'jsonpath={.items[0].metadata.name}')
    kubectl get machines.monopod.dev "$machine" -o json | sed "s/\"$machine\"/\"m-another\"/; s/\"host\": \"$host\"/\"host\": \"another\"/" >"$logs/machine.json"
    refuses forbidden as_joined agent create -f "$logs/machine.json"
    refuses spec as_joined agent patch machines.monopod.dev "$machine" --type merge -p '{"spec": {"host": "another"}}'
    refuses "Machines of its own host only" as_joined agent label machines.monopod.dev "$machine" x=y
    refuses "cannot impersonate" as_joined agent --as monopod:controller get pods
    refuses forbidden as_joined agent create token "controller.$host" -n monopod-system
    refuses forbidden as_joined controller create clusterrolebinding mine --clusterrole cluster-admin --user monopod:controller
    refuses "cannot impersonate" as_joined controller --as monopod:admin --as-group system:masters get nodes
    kubectl delete secret theirs -n kube-public
}

# Who is revoked is told so, and an administrator gives a new credential.
joined_host_is_revoked() {
    kubectl delete serviceaccount "agent.$(first_host)" -n monopod-system
    eventually 40 tells "its service account was deleted" "$monopod" status
    eventually 60 grep -q "was deleted" "$MONOPOD_DATA/logs/supervisor.log"
    "$monopod" up --kubeconfig "$KUBECONFIG" --no-first-pod
    eventually 60 "$monopod" status
}

# administrator_is_away FOLDER: agent and controller begin anew without that kubeconfig, and a pod runs.
administrator_is_away() {
    mv "$KUBECONFIG" "$1/administrator"
    export KUBECONFIG=$1/administrator
    killed controller
    killed agent
    "$monopod" up --no-first-pod
    kubectl run later --image="$(field pod hello '.spec.containers[0].image')" --image-pull-policy=IfNotPresent --command -- sleep 600
    eventually 120 runs later default
    kubectl delete pod later --now
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
