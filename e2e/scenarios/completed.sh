# What a completed pod's machine gives back, and what stays. Sourced by ../run.

completed_scenarios() {
    scenario completed_pods_exhaust_no_subnet "#1284, #1845: more completed pods than a subnet has addresses, and each log is read"
    scenario resting_nodes_keep_their_pods "the Node of a completed pod rests: no Lease, not Ready, room for nothing, and nobody deletes the pod"
}

# A /28 has eleven addresses for pods.
completed_small=e2e-small
completed_count=13

# completed_pod NAME: a pod that says its name and ends.
completed_pod() {
    kubectl apply -n e2e-completed -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: Never
  containers: [{name: main, image: "$registry/busybox:1", command: [sh, -c, "echo I was $1"]}]
YAML
}
completed_phase() { is "$2" kubectl get pod "$1" -n e2e-completed -o 'jsonpath={.status.phase}'; }
completed_node() { field pod "$1" .spec.nodeName -n e2e-completed; }
completed_rests() {
    is Unknown kubectl get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' &&
        [[ -z $(kubectl get lease "$1" -n kube-node-lease --ignore-not-found -o name) ]]
}

completed_subnet() {
    kubectl apply -f - <<YAML
apiVersion: monopod.dev/v1
kind: Subnet
metadata: {name: $completed_small}
spec: {vpc: default, cidr: 192.168.240.0/28, zone: $(field subnet private-a .spec.zone)}
YAML
    kubectl apply -f - <<YAML
apiVersion: monopod.dev/v1
kind: FargateProfile
metadata: {name: a-e2e-completed}
spec: {selectors: [{namespace: e2e-completed}], subnets: [$completed_small]}
YAML
    eventually 30 is ACTIVE kubectl get fargateprofile a-e2e-completed -o 'jsonpath={.status.phase}'
}

# The next pod of an address tolerates no Node that is silent, as one is that rests.
completed_next() {
    kubectl apply -n e2e-completed -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: runs}
spec:
  terminationGracePeriodSeconds: 1
  tolerations:
  - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 0}
  - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 0}
  containers: [{name: main, image: "$registry/busybox:1", command: [sleep, "3600"]}]
YAML
    eventually 150 runs runs e2e-completed
}

completed_pods_exhaust_no_subnet() {
    local i
    namespace e2e-completed
    completed_subnet
    for ((i = 1; i <= completed_count; i++)); do
        completed_pod "done-$i"
    done
    for ((i = 1; i <= completed_count; i++)); do
        eventually 150 completed_phase "done-$i" Succeeded
    done
    kill -9 "$(process agent)"
    eventually 60 ready agent
    for ((i = 1; i <= completed_count; i++)); do
        expect "log of done-$i" "$(kubectl logs "done-$i" -n e2e-completed)" "I was done-$i"
    done
    # Two pods of one address have one Node.
    local nodes
    nodes=$(kubectl get pods -n e2e-completed -o 'jsonpath={range .items[*]}{.spec.nodeName}{"\n"}{end}' | sort -u)
    (($(wc -l <<<"$nodes") <= 11)) || fail "more Nodes than addresses: $nodes"
    completed_next
    expect "exec" "$(inside runs e2e-completed 'echo word')" word
    local node twin
    node=$(completed_node runs)
    twin=$(kubectl get pods -n e2e-completed --field-selector "spec.nodeName=$node,status.phase=Succeeded" -o 'jsonpath={.items[0].metadata.name}')
    [[ -n $twin ]] || fail "pod runs has an address of its own: $node"
    expect "log of the pod that had the address" "$(kubectl logs "$twin" -n e2e-completed)" "I was $twin"
    contains "$(kubectl get --raw "/api/v1/nodes/$node/proxy/pods")" '"name":"runs"'
    kubectl delete pod runs -n e2e-completed --grace-period=1
    expect "log after the address was given back" "$(kubectl logs "$twin" -n e2e-completed)" "I was $twin"
    kubectl delete namespace e2e-completed --timeout=90s
    expect "Nodes" "$(kubectl get nodes $nodes --ignore-not-found -o name)" ""
    expect "Leases" "$(kubectl get leases $nodes -n kube-node-lease --ignore-not-found -o name)" ""
    expect "Machines" "$(kubectl get machines -o 'jsonpath={range .items[*]}{.spec.pod.namespace}{"\n"}{end}' | grep e2e-completed || true)" ""
    kubectl delete fargateprofile a-e2e-completed --timeout=30s
    kubectl delete subnet $completed_small --timeout=30s
}

resting_nodes_keep_their_pods() {
    namespace e2e-rests
    kubectl apply -n e2e-rests -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: done}
spec:
  restartPolicy: Never
  tolerations:
  - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 2}
  - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 2}
  containers: [{name: main, image: "$registry/busybox:1", command: [sh, -c, "echo over"]}]
YAML
    local node version
    eventually 90 is Succeeded kubectl get pod done -n e2e-rests -o 'jsonpath={.status.phase}'
    node=$(field pod done .spec.nodeName -n e2e-rests)
    eventually 20 completed_rests "$node"
    expect "room" "$(field node "$node" .status.allocatable.pods)" 0
    expect "unschedulable" "$(field node "$node" .spec.unschedulable)" true
    # The node lifecycle controller has said all that it has to say; from then on nobody writes.
    eventually 60 tainted "$node"
    version=$(field node "$node" .metadata.resourceVersion)
    sleep 15
    expect "writes to the Node" "$(field node "$node" .metadata.resourceVersion)" "$version"
    expect "log" "$(kubectl logs done -n e2e-rests)" over
    kubectl delete pod done -n e2e-rests
    eventually 20 is "" kubectl get node "$node" --ignore-not-found -o name
}
tainted() { [[ $(kubectl get node "$1" -o 'jsonpath={.spec.taints[*].key}') == *node.kubernetes.io/unreachable* ]]; }
