# The network of a VPC: security groups, NetworkPolicies, interfaces, its objects. See ../run.

network_scenarios() {
    scenario security_group_allows_one_port "F8: a SecurityGroupPolicy's group allows one port only"
    scenario security_group_changes_running_pods "F8: a changed group reaches running pods within 2 s and cuts no connection"
    scenario network_policy_denies_then_allows "a NetworkPolicy denies all, then allows by label and by named port"
    scenario forged_frames_go_nowhere "F17: frames with a foreign address, ARP, DHCP, router advertisements: none of them leaves its pod"
    scenario subnet_shows_free_addresses "F19: a subnet shows its free addresses, and holds its deletion"
    scenario net_trace_names_the_rule "net trace names the rule"
}

# Three pods for all scenarios: web (in the group e2e-web, port 8080 named http, and 8081), friend and stranger.
network_pods() {
    namespace e2e-net
    kubectl apply -f - <<YAML
apiVersion: monopod.dev/v1
kind: SecurityGroup
metadata: {name: e2e-web}
spec:
  vpc: default
  ingress: [{protocol: tcp, fromPort: 8080, group: sg-cluster-default, description: http}]
  egress: [{protocol: "-1", cidr: 0.0.0.0/0}]
---
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: web, namespace: e2e-net}
spec:
  podSelector: {matchLabels: {app: web}}
  securityGroups: {groupIds: [e2e-web]}
YAML
    local name
    for name in web friend stranger; do
        kubectl get pod "$name" -n e2e-net >/dev/null 2>&1 || kubectl apply -f - <<YAML
apiVersion: v1
kind: Pod
metadata:
  name: $name
  namespace: e2e-net
  labels: {app: $name}
  annotations: {fargate.amazonaws.com/pod-sg: sg-cluster-default}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: $registry/busybox:1
      command: [sh, -c, "mkdir /tmp/w; echo served >/tmp/w/index.html; httpd -p 8080 -h /tmp/w; httpd -p 8081 -h /tmp/w; exec sleep 100000"]
      ports: [{name: http, containerPort: 8080}]
      readinessProbe: {tcpSocket: {port: 8081}, periodSeconds: 1}
YAML
    done
    for name in web friend stranger; do eventually 180 runs "$name" e2e-net; done
    web=$(field pod web .status.podIP -n e2e-net)
}

# gets POD PORT: whether the pod is served by web at the port.
gets() { [[ $(inside "$1" e2e-net "timeout 3 wget -qO- http://$web:$2/" 2>/dev/null) == served ]]; }

gets_not() { ! gets "$@"; }

security_group_allows_one_port() {
    network_pods
    expect "groups of web" "$(field pod web '.metadata.annotations.fargate\.amazonaws\.com/pod-sg' -n e2e-net)" e2e-web
    expect "groups of friend" "$(field pod friend '.metadata.annotations.fargate\.amazonaws\.com/pod-sg' -n e2e-net)" sg-cluster-default
    gets friend 8080 || fail "8080 is not served"
    if gets friend 8081; then fail "8081 is served, which no rule allows"; fi
    if inside friend e2e-net "ping -c 1 -W 2 $web"; then fail "it answers ping, which no rule allows"; fi
    # Its probe asks from inside, and its own connections pass.
    contains "$(inside web e2e-net 'timeout 20 nslookup kubernetes.default.svc.cluster.local')" 10.100.0.1
}

security_group_changes_running_pods() {
    network_pods
    # A connection that is held open over the change; each end keeps its side open, since nc ends with the first that closes.
    inside web e2e-net 'sleep 60 | nc -l -p 9000 >/tmp/held' &
    kubectl patch sg e2e-web --type json -p '[{"op":"add","path":"/spec/ingress/-","value":{"protocol":"tcp","fromPort":8081,"toPort":9000,"cidr":"192.168.0.0/16"}}]'
    eventually 10 gets friend 8081
    inside friend e2e-net "(echo one; sleep 12; echo two; sleep 2) | nc $web 9000" &
    local sender=$!
    sleep 3
    kubectl patch sg e2e-web --type json -p '[{"op":"remove","path":"/spec/ingress/1"}]'
    sleep 2
    if gets friend 8081; then fail "8081 is served 2 s after its rule went"; fi
    wait "$sender"
    eventually 10 is "one two" inside web e2e-net 'tr "\n" " " </tmp/held | sed "s/ $//"'
}

network_policy_denies_then_allows() {
    network_pods
    kubectl apply -n e2e-net -f - <<YAML
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-all}
spec: {podSelector: {}, policyTypes: [Ingress]}
YAML
    eventually 10 gets_not friend 8080
    kubectl apply -n e2e-net -f - <<YAML
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: friend}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: friend}}}], ports: [{port: http}]}]
YAML
    eventually 10 gets friend 8080
    if gets stranger 8080; then fail "stranger is let in"; fi
    kubectl label pod stranger -n e2e-net app=friend --overwrite
    eventually 10 gets stranger 8080
    kubectl delete networkpolicy -n e2e-net --all
    kubectl label pod stranger -n e2e-net app=stranger --overwrite
}

# drops FAMILY CHAIN: packets that the router dropped for their sender.
drops() { ip netns exec monopod-vpc-default nft list chain "$1" monopod "$2" | sed -n 's/.*@pods counter packets \([0-9]*\).*/\1/p'; }

forged_frames_go_nowhere() {
    network_pods
    (cd "$root/e2e/frames" && CGO_ENABLED=0 GOFLAGS="-mod=readonly -buildvcs=false" go build -trimpath -o "$logs/frames" .)
    local name victim other packets arps sent
    for name in friend stranger; do kubectl cp "$logs/frames" "e2e-net/$name:/tmp/frames"; done
    victim=$(field pod friend .status.podIP -n e2e-net)
    other=$web
    packets=$(drops ip prerouting) arps=$(drops arp input)
    inside friend e2e-net '/tmp/frames watch 20' >"$logs/frames-arrived" &
    eventually 15 grep -q watching "$logs/frames-arrived"
    sent=$(inside stranger e2e-net "/tmp/frames send $victim $other")
    (($(grep -c ^sent <<<"$sent") >= 19)) || fail "not all was sent: $sent"
    wait $!
    # The honest one shows that the watcher watches.
    expect "frames that arrived" "$(grep ^arrived "$logs/frames-arrived")" "arrived honest"
    (($(drops ip prerouting) > packets && $(drops arp input) >= arps + 3)) || fail "the router did not count what it dropped"
    # Whose name was taken is still where it was.
    gets friend 8080 || fail "web is not reached any more"
}

subnet_shows_free_addresses() {
    network_pods
    local free
    free=$(field subnet private-a .status.freeAddresses)
    ((free > 0 && free < 8187)) || fail "private-a shows $free free addresses"
    kubectl apply -f - <<YAML
apiVersion: monopod.dev/v1
kind: SecurityGroup
metadata: {name: e2e-idle}
spec: {vpc: default}
YAML
    kubectl delete sg e2e-web --wait=false
    contains "$(eventually 10 held sg e2e-web && field sg e2e-web '.status.conditions[?(@.type=="DeletionHeld")].message')" "in use by pod e2e-net/web"
    kubectl delete sg e2e-idle --timeout=20s
    contains "$(kubectl apply -f - 2>&1 <<YAML || true
apiVersion: monopod.dev/v1
kind: Vpc
metadata: {name: other}
spec: {cidrs: [192.168.64.0/20], region: us-west-2}
YAML
    )" "The CIDR '192.168.64.0/20' conflicts with VPC default"
}

held() { is True kubectl get "$1" "$2" -o 'jsonpath={.status.conditions[?(@.type=="DeletionHeld")].status}'; }

net_trace_names_the_rule() {
    network_pods
    contains "$("$monopod" net trace -n e2e-net friend web 8080)" "security group e2e-web, ingress[0] (http)" passes
    local answer
    answer=$("$monopod" net trace -n e2e-net friend web 8081 || true)
    contains "$answer" "no rule of security group e2e-web allows it" DROPPED
    contains "$("$monopod" net trace -n e2e-net friend svc/default/kubernetes 443 -o json)" kube-proxy '"passes" : true'
    kubectl delete namespace e2e-net --wait=false
}
