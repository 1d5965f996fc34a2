# What stands between the kubelets of pods: each Node answers for its own pod, to those who may. See ../run.

kubelet_walls_scenarios() {
    scenario node_proxy_shows_its_own_pod "each Node's proxy answers for its own pod, whatever host or pod is named"
    scenario node_streams_need_create "exec, attach and port-forward need create nodes/proxy, also by GET"
    scenario collector_pod_reads_another_kubelet "a collector in a pod reads another pod's kubelet with its token, and nothing without"
    scenario kubelet_port_of_a_pod_is_the_agents "a pod that serves port 10250 itself is no kubelet"
    scenario kubelet_ends_who_says_nothing "a kubelet ends a connection that does not say within 10 s who it is"
}

kubelet_walls=e2e-walls

# Two pods on this host, and the identities of a collector (gets) and of an operator (creates).
wall_pods() {
    namespace "$kubelet_walls"
    local name
    for name in first second; do
        [[ -n $(kubectl get pod "$name" -n "$kubelet_walls" --ignore-not-found -o name) ]] || sleeper "$name" "$kubelet_walls"
        eventually 120 runs "$name" "$kubelet_walls"
    done
    first_node=$(field pod first .spec.nodeName -n "$kubelet_walls")
    second_node=$(field pod second .spec.nodeName -n "$kubelet_walls")
    first_address=$(field pod first .status.podIP -n "$kubelet_walls")
    second_address=$(field pod second .status.podIP -n "$kubelet_walls")
    kubectl create serviceaccount collector -n "$kubelet_walls" --dry-run=client -o yaml | kubectl apply -f -
    kubectl create clusterrole e2e-walls-collector --verb=get --resource=nodes/proxy,nodes/metrics,nodes/stats,nodes/pods \
        --dry-run=client -o yaml | kubectl apply -f -
    kubectl create clusterrolebinding e2e-walls-collector --clusterrole=e2e-walls-collector --serviceaccount="$kubelet_walls:collector" \
        --dry-run=client -o yaml | kubectl apply -f -
    collector=$(kubectl create token collector -n "$kubelet_walls")
}

# kubelet_answer ADDRESS PATH [CURL ARGUMENT...]: the HTTP status of the answer, its body before it.
kubelet_answer() {
    local address=$1 path=$2
    shift 2
    curl -sS --max-time 20 --insecure -w '\n%{http_code}' "$@" "https://$address:10250$path"
}

# proxied NODE PATH
proxied() { kubectl get --raw "/api/v1/nodes/$1/proxy/$2"; }

node_proxy_shows_its_own_pod() {
    wall_pods
    local path text
    for path in pods stats/summary metrics/resource; do
        text=$(proxied "$first_node" "$path")
        contains "$text" first
        [[ $text != *'"second"'* ]] || fail "$path of the first Node speaks of the second pod"
        text=$(proxied "$second_node" "$path")
        contains "$text" second
        [[ $text != *'"first"'* ]] || fail "$path of the second Node speaks of the first pod"
    done
    expect "pods of the first Node" "$(proxied "$first_node" pods | grep -o '"kind":"PodList"' | wc -l)" 1
    # Another pod by its name, or by the name of its host.
    text=$(proxied "$first_node" "containerLogs/$kubelet_walls/second/main" 2>&1 || true)
    contains "$text" NotFound
    text=$(kubelet_answer "$first_address" /pods -H "Authorization: Bearer $collector" -H "Host: $second_address:10250")
    contains "$text" first $'\n200'
    [[ $text != *'"second"'* ]] || fail "the Host header decides"
    # The agent at the host's own address is nobody's kubelet.
    text=$(kubelet_answer 127.0.0.1 /pods -H "Authorization: Bearer $(kubectl create token collector -n "$kubelet_walls")")
    contains "$text" "no Node has this address" $'\n421'
    text=$(kubelet_answer 127.0.0.1 /healthz -H "Authorization: Bearer $collector")
    contains "$text" ok $'\n200'
    # What users do goes on to work.
    expect "exec" "$(inside first "$kubelet_walls" 'echo word')" word
    kubectl logs first -n "$kubelet_walls"
}

node_streams_need_create() {
    wall_pods
    local path text websocket=(-H "Connection: Upgrade" -H "Upgrade: websocket" -H "Sec-WebSocket-Version: 13"
        -H "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" -H "Sec-WebSocket-Protocol: v5.channel.k8s.io" --http1.1)
    for path in "/exec/$kubelet_walls/first/main?command=id&output=1" "/attach/$kubelet_walls/first/main?output=1" "/portForward/$kubelet_walls/first?port=80"; do
        text=$(kubelet_answer "$first_address" "$path" "${websocket[@]}" -H "Authorization: Bearer $collector")
        contains "$text" "verb=create" $'\n403'
    done
    text=$(kubelet_answer "$first_address" "/containerLogs/$kubelet_walls/first/main" -H "Authorization: Bearer $collector")
    contains "$text" $'\n200'
}

# relay: lets the second pod pass on to the first one's kubelet what comes to its port 18443, until the scenario ends. Busybox speaks
# no TLS that can be relied on; so the pod's connection carries that of curl.
relay() {
    inside second "$kubelet_walls" "timeout 120 nc -ll -p 18443 -e nc $first_address 10250" >/dev/null 2>&1 &
    trap 'kill '$! EXIT
    eventually 20 curl -sk --max-time 5 "https://$second_address:18443/healthz"
}

# from_second PATH [CURL ARGUMENT...]: what the kubelet of the first pod answers to the second one, and the status.
from_second() {
    local path=$1
    shift
    curl -sS --max-time 20 --insecure -w '\n%{http_code}' "$@" "https://$second_address:18443/$path"
}

collector_pod_reads_another_kubelet() {
    wall_pods
    relay
    local text
    text=$(from_second metrics/resource -H "Authorization: Bearer $collector")
    contains "$text" 'pod="first"' node_cpu_usage_seconds_total $'\n200'
    [[ $text != *'pod="second"'* ]] || fail "it speaks of another pod"
    contains "$(from_second metrics/resource)" $'\n401'
    contains "$(from_second metrics/resource -H "Authorization: Bearer $(kubectl create token default -n "$kubelet_walls")")" $'\n403'
    contains "$(from_second "containerLogs/$kubelet_walls/second/main" -H "Authorization: Bearer $collector")" "pod does not exist" $'\n404'
}

kubelet_port_of_a_pod_is_the_agents() {
    wall_pods
    inside first "$kubelet_walls" 'timeout 120 nc -ll -p 10250 -e echo guest' >/dev/null 2>&1 &
    trap 'kill '$! EXIT
    eventually 20 inside first "$kubelet_walls" 'nc 127.0.0.1 10250 </dev/null | grep guest'
    [[ $(inside second "$kubelet_walls" "timeout 3 nc $first_address 10250 </dev/null" || true) != *guest* ]] || fail "a guest passes itself off as a kubelet"
    [[ $(timeout 3 busybox nc "$first_address" 10250 </dev/null || true) != *guest* ]] || fail "a guest passes itself off as a kubelet to the host"
}

kubelet_ends_who_says_nothing() {
    wall_pods
    local begun=$SECONDS
    inside second "$kubelet_walls" "mkfifo /tmp/silent; sleep 60 >/tmp/silent & timeout 40 nc $first_address 10250 </tmp/silent; kill \$!" >/dev/null 2>&1 || true
    ((SECONDS - begun > 7)) || fail "it does not even listen"
    ((SECONDS - begun < 30)) || fail "a silent connection lasts"
    kubectl delete clusterrole,clusterrolebinding e2e-walls-collector
    kubectl delete namespace "$kubelet_walls" --wait=false
}
