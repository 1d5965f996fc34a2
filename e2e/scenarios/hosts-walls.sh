# What a captured host gets: nothing but what its own pods have. Its key is used from outside it, against the first host's
# things. The second host is that of hosts.sh. See ../run.

hosts_walls=e2e-hosts-walls

hosts_walls_scenarios() {
    scenario host_reads_what_its_pods_name "a host reads the Secrets and ConfigMaps that its own pods name, and gets tokens for them"
    scenario captured_host_reads_nothing_of_another "a captured host reads no Secret of another host's pods, and gets no token of their accounts"
    scenario captured_host_writes_nothing_of_another "a captured host writes and deletes no Host, Machine, Node, Lease or pod of another"
    scenario captured_host_places_nothing "a captured host makes no pod, no Machine and no Node, and moves no traffic"
    scenario hosts_revoked "a host that is revoked is refused at once, and joins no more by its name; the other goes on"
    hosts_walls_end
}

hosts_walls_end() {
    hosts_end
    kubectl delete namespace "$hosts_walls" --wait=false >/dev/null 2>&1 || true
    # What a host that is not there any more would have removed.
    kubectl delete hosts.monopod.dev second --ignore-not-found >/dev/null 2>&1 || true
    kubectl delete ipaddresses -l monopod.dev/host=second >/dev/null 2>&1 || true
}

# captured ARGUMENT...: kubectl with the second host's key.
captured() { kubectl --kubeconfig "$hosts_walls_key" "$@"; }

# kept NAME: a pod with a Secret, a ConfigMap and a service account of its name, which it shows at the start.
kept() {
    kubectl apply -n "$hosts_walls" -f - <<YAML
apiVersion: v1
kind: ServiceAccount
metadata: {name: $1}
---
apiVersion: v1
kind: Secret
metadata: {name: $1}
stringData: {word: secret-of-$1}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: $1}
data: {word: config-of-$1}
---
apiVersion: v1
kind: Pod
metadata:
  name: $1
  labels: {app: $1}
spec:
  serviceAccountName: $1
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: $registry/busybox:1
      env: [{name: WORD, valueFrom: {configMapKeyRef: {name: $1, key: word}}}]
      command: [sh, -c, "exec sleep 100000"]
      volumeMounts: [{name: secret, mountPath: /secret}]
  volumes: [{name: secret, secret: {secretName: $1}}]
YAML
}

# One pod on each host, and the second's key.
walled_hosts() {
    second_host
    hosts_walls_key=$second/data/kubeconfig/joined.kubeconfig
    [[ -s $hosts_walls_key ]] || fail "no $hosts_walls_key"
    namespace "$hosts_walls"
    local host
    for host in "$(first_host)" second; do
        local name=ours
        [[ $host == second ]] && name=theirs
        runs "$name" "$hosts_walls" && continue
        place "$host"
        kept "$name"
        eventually 30 is "$host" host_of "$name"
    done
    anywhere
    for name in ours theirs; do eventually 180 runs "$name" "$hosts_walls"; done
    our_node=$(field pod ours .spec.nodeName -n "$hosts_walls")
    our_machine=m-$(field pod ours .metadata.uid -n "$hosts_walls")
}

# is_refused COMMAND...: it fails, since it is forbidden.
is_refused() {
    local answer
    if answer=$("$@" 2>&1); then fail "not refused: $*: $answer"; fi
    [[ ${answer,,} == *forbidden* ]] || fail "not refused, but failed: $*: $answer"
}

# ours_goes_on: the neighbour is as it was.
ours_goes_on() {
    runs ours "$hosts_walls" || fail "the first host's pod is not Ready"
    expect "what it reads" "$(inside ours "$hosts_walls" 'echo $WORD $(cat /secret/word)')" "config-of-ours secret-of-ours"
}

token_for() { # ACCOUNT [ARGUMENT...]
    local account=$1
    shift
    captured create token "$account" -n "$hosts_walls" "$@"
}

host_reads_what_its_pods_name() {
    walled_hosts
    ours_goes_on
    expect "what theirs reads" "$(inside theirs "$hosts_walls" 'echo $WORD $(cat /secret/word)')" "config-of-theirs secret-of-theirs"
    contains "$(inside theirs "$hosts_walls" 'cat /var/run/secrets/kubernetes.io/serviceaccount/token')" .
    contains "$(captured get secret theirs -n "$hosts_walls" -o name)" secret/theirs
    token_for theirs --bound-object-kind Pod --bound-object-name theirs >/dev/null
}

captured_host_reads_nothing_of_another() {
    walled_hosts
    local kind
    for kind in secret configmap; do
        is_refused captured get "$kind" ours -n "$hosts_walls"
        is_refused captured get "$kind" -n "$hosts_walls"
        is_refused captured get "$kind" -A
    done
    is_refused token_for ours --bound-object-kind Pod --bound-object-name ours
    is_refused token_for theirs
    is_refused captured create token default -n kube-system --bound-object-kind Pod --bound-object-name ours
    ours_goes_on
}

captured_host_writes_nothing_of_another() {
    walled_hosts
    is_refused captured patch hosts.monopod.dev "$(first_host)" --subresource status --type merge -p '{"status":{"address":"192.0.2.1"}}'
    is_refused captured delete hosts.monopod.dev "$(first_host)"
    is_refused captured patch machines "$our_machine" --subresource status --type merge -p '{"status":{"phase":"Stopped"}}'
    is_refused captured patch machines "$our_machine" --type merge -p '{"metadata":{"finalizers":null}}'
    is_refused captured delete machines "$our_machine"
    is_refused captured patch node "$our_node" --subresource status -p '{"status":{"conditions":[{"type":"Ready","status":"False"}]}}'
    is_refused captured delete node "$our_node"
    is_refused captured delete lease "$our_node" -n kube-node-lease
    is_refused captured patch lease "$our_node" -n kube-node-lease --type merge -p '{"spec":{"holderIdentity":"x"}}'
    is_refused captured patch pod ours -n "$hosts_walls" --subresource status -p '{"status":{"phase":"Failed"}}'
    is_refused captured patch pod ours -n "$hosts_walls" -p '{"metadata":{"labels":{"monopod.dev/host":"second"}}}'
    is_refused captured delete pod ours -n "$hosts_walls"
    ours_goes_on
}

captured_host_places_nothing() {
    walled_hosts
    is_refused captured run x -n "$hosts_walls" --image "$registry/busybox:1"
    is_refused captured create -f - <<YAML
apiVersion: v1
kind: Node
metadata: {name: fargate-ip-192-168-1-1.us-west-2.compute.internal, labels: {monopod.dev/host: second}}
YAML
    is_refused captured create -f - <<YAML
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: fargate-ip-192-168-1-1.us-west-2.compute.internal, namespace: kube-node-lease}
spec: {}
YAML
    is_refused captured patch pod theirs -n "$hosts_walls" -p '{"metadata":{"labels":{"app":"ours"}}}'
    is_refused captured patch pod theirs -n "$hosts_walls" --subresource status -p '{"status":{"podIP":"192.168.0.4","podIPs":[{"ip":"192.168.0.4"}]}}'
    is_refused captured delete fargateprofiles --all
    is_refused captured create rolebinding x -n "$hosts_walls" --clusterrole edit --user x
    ours_goes_on
}

hosts_revoked() {
    walled_hosts
    captured get hosts.monopod.dev >/dev/null
    "$monopod" host revoke second
    is_refused captured get hosts.monopod.dev
    is_refused captured get secret theirs -n "$hosts_walls"
    is_refused captured get pods -n "$hosts_walls"
    if "$monopod" host revoke nobody >/dev/null 2>&1; then fail "a host that is not there was revoked"; fi
    # The controller gives it nothing again.
    sleep 12
    is_refused captured get secret theirs -n "$hosts_walls"
    local answer command
    command=$("$monopod" token create --host second)
    if answer=$(on_second sh -c "${command/monopod join/$root/monopod join}" 2>&1); then fail "it joined again: $answer"; fi
    contains "$answer" "its rights were taken from it"
    ours_goes_on
}
