# shellcheck shell=bash
# Monopod in a cluster that was there before it, by Helm. Sourced by ../run, which runs it last: it needs a control plane of its own.

# None while this machine's own Monopod is up.
chart_scenarios() { :; }

# An ordinary node of that cluster, for the controller's pods: kubelet, containerd and runc (bench/rival).
chart_node() { MONOPOD_DATA=$chart_cluster/data "$root/bench/rival/node" "$@"; }

chart_helm() { HELM_CACHE_HOME=$logs/helm/cache HELM_CONFIG_HOME=$logs/helm/config HELM_DATA_HOME=$logs/helm/data "$dist/helm/helm" -n monopod-system "$@"; }

chart_end() {
    [[ ! -e $MONOPOD_DATA ]] || "$monopod" down --kubeconfig "$KUBECONFIG" || true
    rm -rf "$logs/chart-node"
    cp -r /var/tmp/monopod-rival/log "$logs/chart-node" 2>/dev/null || true
    chart_node stop || true
    other_cluster_stop "$chart_cluster"
}

# chart_release: sets chart_file and chart_image, of a release of this checkout.
chart_release() {
    local out=$logs/release
    MONOPOD_RELEASES=$out MONOPOD_RELEASE_LEVEL=1 "$monopod" release >"$logs/release.log" 2>&1 || fail "no release: $(tail -n 5 "$logs/release.log")"
    chart_file=$(echo "$out"/monopod-[0-9]*.tgz)
    chart_image=$(echo "$out"/monopod-controller-*.oci.tar)
}

# All that an installation can make. This control plane, which is of Monopod's build, has some of its own, and puts what is
# left out here back when its API server starts.
chart_objects() {
    kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings,crd,namespaces,ingressclasses -o name | sort
    kubectl get clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,secrets,configmaps,services,pods,deployments,jobs -A -o 'custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name' --no-headers |
        grep -vE ' (kube-root-ca.crt|monopod:agent:?|monopod:agent-proxy|monopod:controller-aws|monopod-encryption)$' | sort
    kubectl get leases -n kube-system -o name | sed -n "/monopod/p" | sort
}

chart_leader() { kubectl get lease monopod-controller -n kube-system -o 'jsonpath={.spec.holderIdentity}' | sed 's/_.*//'; }

chart_ready() { is "$1" kubectl get deployment monopod-controller -n monopod-system -o 'jsonpath={.status.readyReplicas}'; }

# chart_pods PREFIX COUNT: makes pods one after the other, a second apart; each that is refused is a line of $logs/refused.
chart_pods() {
    local i
    for ((i = 0; i < $2; i++)); do
        kubectl run "$1-$i" --image="$chart_word" --image-pull-policy=IfNotPresent --command -- sleep 600 2>>"$logs/refused" >/dev/null || true
        sleep 1
    done
}

# chart_run PREFIX COUNT: they have machines, and none was refused.
chart_run() {
    local i
    expect "refused pods" "$(cat "$logs/refused")" ""
    for ((i = 0; i < $2; i++)); do
        eventually 180 runs "$1-$i" default
        contains "$(field pod "$1-$i" .spec.nodeName)" fargate-ip-
    done
    kubectl delete pod --now $(eval "echo $1-{0..$(($2 - 1))}") >/dev/null
}

# The webhooks trust what the Secret has, and nothing else.
chart_trusts() {
    local bundle secret
    bundle=$(kubectl get mutatingwebhookconfigurations monopod -o 'jsonpath={.webhooks[0].clientConfig.caBundle}' | base64 -d)
    secret=$(kubectl get secret monopod-webhooks -n monopod-system -o json | python3 -c 'import base64, json, sys
data = json.load(sys.stdin)["data"]
print(*(base64.b64decode(data[name]).decode().strip() for name in sorted(data) if name.endswith(".crt")), sep="\n")')
    [[ -n $secret && $bundle == "$secret" && $secret != "${1:-}" ]]
}

installs_by_chart() {
    takes_long installs_by_chart
    local address hello first rules pods
    chart_cluster=$(mktemp -d /tmp/other.XXXXXX)
    export KUBECONFIG=$chart_cluster/data/kubeconfig/admin.kubeconfig
    : >"$logs/refused"
    "$root/e2e/build-tool" helm || fail "helm could not be built"
    "$root/bench/rival/node" build || fail "kubelet, containerd and runc could not be built"
    chart_release
    trap chart_end EXIT
    other_cluster "$chart_cluster"
    kubectl delete $(kubectl get clusterroles,clusterrolebindings -o name | grep -E 'monopod:(agent|controller|logging)') >/dev/null
    kubectl delete namespace monopod-system >/dev/null
    chart_objects >"$logs/chart-before"
    address=$(ip -4 -o addr show scope global | awk '!/ rival/ { sub("/.*", "", $4); print $4; exit }')
    chart_node start
    MONOPOD_DATA=$chart_cluster/data chart_import

    # Bad values are named.
    refuses accountId chart_helm install monopod "$chart_file" --create-namespace --set-string accountId=123
    refuses monopod-system "$dist/helm/helm" install monopod "$chart_file" -n default
    chart_helm install monopod "$chart_file" --create-namespace --wait --timeout 4m -f - <<YAML
image: {repository: docker.io/library/monopod-controller}
apiServer: {host: $address, port: 6443}
tolerations: [{key: rival, operator: Exists}]
YAML
    eventually 30 chart_ready 2
    contains "$(chart_leader)" monopod-controller-
    eventually 60 kubectl get vpcs.monopod.dev default
    chart_helm test monopod --timeout 2m
    chart_as_kustomization

    # A host: no controller there, and the rights are those of the chart.
    rules=$(field clusterrole monopod:controller .rules)
    "$monopod" up --kubeconfig "$KUBECONFIG"
    expect "rules of the controller" "$(field clusterrole monopod:controller .rules)" "$rules"
    expect "controllers of hosts" "$(accounts_of controller)" ""
    expect "phase of hello" "$(field pod hello .status.phase)" Running
    contains "$("$monopod" status)" "monopod-controller-"
    cat "$MONOPOD_DATA/pki/kubelet-ca.crt" >>"$chart_cluster/data/pki/kubelet-ca.crt"
    kill -9 "$(process kube-apiserver "$chart_cluster/run")"
    eventually 60 kubectl logs hello
    hello=$(identity hello default)
    chart_word=$(field pod hello '.spec.containers[0].image')
    eventually 60 chart_trusts

    # The leader goes while pods come.
    first=$(chart_leader)
    chart_pods loses 8 &
    pods=$!
    sleep 2
    kubectl delete pod "$first" -n monopod-system --wait=false
    wait "$pods"
    chart_run loses 8
    [[ $(chart_leader) != "$first" ]] || fail "the leader is the one that was deleted"

    # Another version of it, while pods come: the machine runs on.
    chart_pods upgrades 12 &
    pods=$!
    chart_helm upgrade monopod "$chart_file" --reuse-values --set profileQuota=11 --wait --timeout 4m
    wait "$pods"
    chart_run upgrades 12
    expect "boot_id and restarts of hello" "$(identity hello default)" "$hello"
    chart_trusts || fail "the upgrade took the certificates"

    # Somebody empties the Secret: it is filled, and trusted.
    first=$(kubectl get secret monopod-webhooks -n monopod-system -o 'jsonpath={.data}')
    kubectl patch secret monopod-webhooks -n monopod-system --type merge -p '{"data": null}'
    eventually 90 chart_trusts "$first"
    # Until the other replica has read it, too, that one is not trusted.
    sleep 15
    chart_pods trusts 3
    chart_run trusts 3

    # It is not taken away from a host that is there; a host that leaves leaves it there.
    chart_helm uninstall monopod --timeout 2m && fail "it was uninstalled while a host is there"
    contains "$(kubectl logs -n monopod-system job/monopod-uninstall 2>&1)" "hosts are left" "$(first_host)"
    eventually 30 chart_ready 2
    # What the other node has mounted and made since is not Monopod's, though its folders begin with that name.
    "$monopod" down --kubeconfig "$KUBECONFIG" >"$logs/chart-down" || true
    expect "what down left" "$(grep '^left' "$logs/chart-down" | grep -v monopod-rival)" ""
    kubectl get crd vpcs.monopod.dev -o name
    chart_ready 2 || fail "down of a host ended the controller"
    chart_helm uninstall monopod --wait --timeout 4m
    kubectl delete namespace monopod-system
    expect "what is left, or gone" "$(chart_objects | diff "$logs/chart-before" -)" ""
}

# What kustomize makes of the chart is what Helm does, but for its hooks.
chart_as_kustomization() {
    local out=$logs/chart-objects
    mkdir -p "$out"
    HELM_CACHE_HOME=$logs/helm/cache "$dist/helm/helm" template monopod "$root/deploy/chart" -n monopod-system --no-hooks --kube-version 1.36 >"$out/helm.yaml"
    PATH=$dist/helm:$PATH kubectl kustomize --enable-helm "$root/deploy" >"$out/kustomize.yaml"
    for name in helm kustomize; do
        kubectl create --dry-run=client -f "$out/$name.yaml" -o json | python3 -c 'import json, sys
text, at = sys.stdin.read(), 0
while text[at:].strip():
    one, at = json.JSONDecoder().raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
    for each in one.get("items", [one]): print(json.dumps(each, sort_keys=True))' | sort >"$out/$name.json"
    done
    [[ -s $out/helm.json ]] || fail "helm made no object"
    diff "$out/helm.json" "$out/kustomize.json" || fail "kustomize makes other objects than helm"
}

# chart_import: the image, as a registry would give it to the node.
chart_import() {
    local bin
    bin=$(dirname "$(readlink -f "/proc/$(cat /run/monopod-rival/containerd.pid)/exe")")
    "$bin/ctr" -a /run/monopod-rival/containerd.sock -n k8s.io images import --local --base-name docker.io/library/monopod-controller "$chart_image"
}
