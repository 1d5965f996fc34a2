# Services between pods on Fargate and ordinary nodes, and the cluster's DNS. See ../run. What a Service promises among pods is shown by
# upstream's own tests, ../conformance.

services_scenarios() {
    scenario ordinary_node_and_fargate_pods_use_each_others_services "an ordinary node's Services reach pods, and a pod's Service reaches those of the node"
    scenario affinity_and_hairpin_hold "a client keeps its pod, and a pod reaches itself by its Service"
    scenario local_services_answer_the_pod_itself "internalTrafficPolicy Local: a pod of the Service reaches itself alone, and no other pod is answered"
    scenario traffic_stays_in_the_zone_of_who_asks "trafficDistribution: a pod reaches the endpoints of its zone or node, and others when there are none"
    scenario dns_survives_its_server "names are found again after CoreDNS was killed"
}

# A namespace that plays an ordinary node, with a kube-proxy of its own; 198.51.100.2 is the node's address, 198.51.100.10 a pod's there.
ordinary=monopod-e2e-node

ordinary_node() {
    ip netns list | grep -qw "$ordinary" && return 0
    ip netns add "$ordinary"
    ip link add mp-e2e-node type veth peer name eth0 netns "$ordinary"
    ip addr add 198.51.100.1/24 dev mp-e2e-node
    ip link set mp-e2e-node up
    ip -n "$ordinary" link set lo up
    ip -n "$ordinary" link set eth0 up
    ip -n "$ordinary" addr add 198.51.100.2/24 dev eth0
    ip -n "$ordinary" addr add 198.51.100.10/32 dev lo
    ip -n "$ordinary" route add default via 198.51.100.1
    ip route add 198.51.100.10/32 via 198.51.100.2
    kubectl apply -f - <<'YAML'
apiVersion: v1
kind: Node
metadata: {name: ordinary}
spec:
  podCIDR: 198.51.100.8/29
  taints: [{key: e2e, value: "yes", effect: NoSchedule}]
YAML
    kubectl patch node ordinary --subresource=status --type=merge \
        -p '{"status":{"addresses":[{"type":"InternalIP","address":"198.51.100.2"}]}}'
    cp "$KUBECONFIG" "$logs/ordinary.kubeconfig"
    kubectl --kubeconfig="$logs/ordinary.kubeconfig" config set-cluster \
        "$(kubectl config view -o 'jsonpath={.clusters[0].name}')" --server="https://$(host_address):6443"
    ip netns exec "$ordinary" "$dist/monopod-control-plane" kube-proxy --kubeconfig="$logs/ordinary.kubeconfig" --proxy-mode=nftables \
        --hostname-override=ordinary --cluster-cidr=198.51.100.8/29 --detect-local-mode=ClusterCIDR --healthz-bind-address=127.0.0.1:10256 \
        --metrics-bind-address=127.0.0.1:10249 --conntrack-max-per-core=0 --conntrack-min=0 --conntrack-tcp-timeout-established=0s \
        --conntrack-tcp-timeout-close-wait=0s >"$logs/ordinary-kube-proxy.log" 2>&1 &
    echo $! >"$logs/ordinary.pids"
    mkdir -p "$logs/ordinary-www"
    echo "from the ordinary node" >"$logs/ordinary-www/index.html"
    ip netns exec "$ordinary" busybox httpd -f -p 198.51.100.10:8080 -h "$logs/ordinary-www" &
    echo $! >>"$logs/ordinary.pids"
}

ordinary_node_ends() {
    local pid
    while read -r pid; do kill "$pid" 2>/dev/null || true; done <"$logs/ordinary.pids"
    rm -f "$logs/ordinary.pids" "$logs/ordinary.kubeconfig"
    kubectl delete pod there -n ordinary-e2e --ignore-not-found --grace-period=0 --force
    kubectl delete namespace ordinary-e2e --ignore-not-found --wait=false
    kubectl delete node ordinary --ignore-not-found
    ip link delete mp-e2e-node 2>/dev/null || true
    ip netns delete "$ordinary" 2>/dev/null || true
}

# The host's address for pods.
host_address() { kubectl get hosts -o 'jsonpath={.items[0].status.address}'; }

# Two web servers on Fargate behind the Service `here`, and a pod of the ordinary node behind `there`.
services_pods() {
    namespace e2e-services
    sed "s|REGISTRY|$registry|g; s|NAME|here|g; s|preStop: {sleep: {seconds: 10}}|preStop: {sleep: {seconds: 1}}|" "$manifests/balanced.yaml" |
        kubectl apply -n e2e-services -f -
    eventually 180 is 2 kubectl get deployment here -n e2e-services -o 'jsonpath={.status.readyReplicas}'
}

ordinary_node_and_fargate_pods_use_each_others_services() {
    services_pods
    trap ordinary_node_ends EXIT
    ordinary_node
    # No profile selects this namespace.
    namespace ordinary-e2e
    kubectl apply -n ordinary-e2e -f - <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: there, labels: {app: there}}
spec:
  nodeName: ordinary
  tolerations: [{operator: Exists}]
  containers: [{name: web, image: none, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: there}
spec:
  selector: {app: there}
  ports: [{port: 80, targetPort: 8080}]
YAML
    # What a kubelet would write.
    kubectl patch pod there -n ordinary-e2e --subresource=status --type=merge -p '{"status":{"phase":"Running","podIP":"198.51.100.10",
        "podIPs":[{"ip":"198.51.100.10"}],"conditions":[{"type":"Ready","status":"True"},{"type":"ContainersReady","status":"True"}]}}'
    local here
    here=$(field service here .spec.clusterIP -n e2e-services)
    eventually 60 from_ordinary_node "http://$here/" "here "
    eventually 30 from_ordinary_node "http://$(kubectl get pods -n e2e-services -l app=here -o 'jsonpath={.items[0].status.podIP}'):8080/" "here "
    eventually 30 from_fargate_pod "http://there.ordinary-e2e/" "from the ordinary node"
    eventually 30 from_fargate_pod "http://198.51.100.10:8080/" "from the ordinary node"
}
from_ordinary_node() { [[ $(ip netns exec "$ordinary" curl -s --max-time 5 "$1") == *"$2"* ]]; }
from_fargate_pod() { [[ $(inside hello default "timeout 10 wget -qO- $1") == *"$2"* ]]; }

affinity_and_hairpin_hold() {
    services_pods
    local pod address first
    kubectl patch service here -n e2e-services -p '{"spec":{"sessionAffinity":"ClientIP"}}'
    address=$(field service here .spec.clusterIP -n e2e-services)
    sleep 2
    first=$(inside hello default "timeout 10 wget -qO- http://$address/")
    contains "$first" "here "
    expect "pods that answered" "$(inside hello default "for i in 1 2 3 4 5 6 7 8 9 10; do timeout 10 wget -qO- http://$address/; done" | sort -u)" "$first"
    kubectl patch service here -n e2e-services -p '{"spec":{"sessionAffinity":"None"}}'
    pod=$(kubectl get pods -n e2e-services -l app=here -o 'jsonpath={.items[0].metadata.name}')
    # Every other connection is to itself.
    eventually 30 inside "$pod" e2e-services "timeout 5 wget -qO- http://$address/ | grep -q $pod"
    expect "answers" "$(inside "$pod" e2e-services "for i in 1 2 3 4 5 6 7 8 9 10; do timeout 5 wget -qO- http://$address/; done" | wc -l)" 10
}

local_services_answer_the_pod_itself() {
    services_pods
    local url pod
    url=http://$(field service here .spec.clusterIP -n e2e-services)/
    eventually 30 from_fargate_pod "$url" "here "
    kubectl patch service here -n e2e-services -p '{"spec":{"internalTrafficPolicy":"Local"}}'
    eventually 10 nothing_for_fargate_pod "$url"
    for pod in $(kubectl get pods -n e2e-services -l app=here -o 'jsonpath={.items[*].metadata.name}'); do
        eventually 10 answers_ten_times "$pod" e2e-services "$url" "here $pod"
    done
    kubectl patch service here -n e2e-services -p '{"spec":{"internalTrafficPolicy":"Cluster"}}'
    eventually 10 from_fargate_pod "$url" "here "
}
nothing_for_fargate_pod() { ! inside hello default "timeout 3 wget -qO- $1"; }

# answers_ten_times POD NAMESPACE URL ANSWERS: whether ten requests of the pod are answered, by these and no others.
answers_ten_times() {
    local all
    all=$(inside "$1" "$2" "for i in 1 2 3 4 5 6 7 8 9 10; do timeout 5 wget -qO- $3 || exit 1; done") || return 1
    echo "$all"
    [[ $(sort -u <<<"$all") == "$4" ]]
}

# zoned_pod NAME SUBNET: a web server that tells its name, in the zone of the subnet.
zoned_pod() {
    kubectl apply -n e2e-zones -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1, labels: {app: ${1%-*}}}
spec:
  terminationGracePeriodSeconds: 1
  nodeSelector: {topology.kubernetes.io/zone: $(field subnet "$2" .spec.zone)}
  containers:
    - name: web
      image: $registry/busybox:1
      command: [sh, -c, 'mkdir /tmp/www && hostname >/tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www']
      readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, timeoutSeconds: 5}
YAML
}

traffic_stays_in_the_zone_of_who_asks() {
    namespace e2e-zones
    local pod url both
    for pod in web-a web-b ask-a ask-b; do zoned_pod "$pod" "private-${pod#*-}"; done
    kubectl apply -n e2e-zones -f - <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
YAML
    for pod in web-a web-b ask-a ask-b; do eventually 180 runs "$pod" e2e-zones; done
    url=http://$(field service web .spec.clusterIP -n e2e-zones)/
    both=$'web-a\nweb-b'
    eventually 60 answers_ten_times ask-a e2e-zones "$url" "$both"
    echo "by zone"
    kubectl patch service web -n e2e-zones -p '{"spec":{"trafficDistribution":"PreferClose"}}'
    eventually 10 answers_ten_times ask-a e2e-zones "$url" web-a
    eventually 10 answers_ten_times ask-b e2e-zones "$url" web-b
    answers_ten_times ask-a e2e-zones "$url" web-a || fail "another zone answers"
    echo "by zone, with affinity"
    kubectl patch service web -n e2e-zones -p '{"spec":{"sessionAffinity":"ClientIP"}}'
    eventually 10 answers_ten_times ask-b e2e-zones "$url" web-b
    kubectl patch service web -n e2e-zones -p '{"spec":{"sessionAffinity":"None"}}'
    echo "by node: a pod is its own"
    kubectl patch service web -n e2e-zones -p '{"spec":{"trafficDistribution":"PreferSameNode"}}'
    eventually 10 answers_ten_times web-a e2e-zones "$url" web-a
    eventually 10 answers_ten_times ask-b e2e-zones "$url" web-b
    echo "the zone has no endpoint any more"
    kubectl patch service web -n e2e-zones -p '{"spec":{"trafficDistribution":"PreferSameZone"}}'
    kubectl delete pod web-a -n e2e-zones
    eventually 10 answers_ten_times ask-a e2e-zones "$url" web-b
    echo "it has one again"
    zoned_pod web-a private-a
    eventually 180 runs web-a e2e-zones
    eventually 10 answers_ten_times ask-a e2e-zones "$url" web-a
    kubectl delete namespace e2e-zones --wait=false
}

dns_survives_its_server() {
    local pid before
    contains "$(inside hello default 'timeout 20 nslookup kubernetes.default.svc.cluster.local')" 10.100.0.1
    pid=$(process coredns)
    kill -9 "$pid"
    before=$SECONDS
    eventually 30 found_by_name
    echo "found again after $((SECONDS - before)) s"
    eventually 10 replaced coredns "$pid"
    kubectl delete namespace e2e-services --wait=false --ignore-not-found
}
found_by_name() { inside hello default 'timeout 3 nslookup kubernetes.default.svc.cluster.local' | grep -q 10.100.0.1; }
