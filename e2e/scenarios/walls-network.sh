# What a tenant with the role `edit` in one namespace can't do to the network of others. Sourced by ../run.

walls_network_scenarios() {
    scenario walls_network_policy_too_large "a NetworkPolicy of 234 kB costs its own namespace alone"
    scenario walls_network_annotation_unreadable "an annotation that can't be read ends no load balancer, neither its own nor another's"
    scenario walls_network_slice_by_hand "an EndpointSlice by hand leads to nothing but the namespace's own machines"
    scenario walls_network_group_of_others "an Ingress can't join the group of another namespace"
}

walls=e2e-mallory

# warned NAMESPACE NAME TEXT: a Warning event of the object says the text.
warned() { kubectl get events -n "$1" --field-selector "involvedObject.name=$2,type=Warning" -o 'jsonpath={.items[*].message}' | grep -qF -- "$3"; }

# walls_huge_policy: thousands of ranges and ports, 234 kB.
walls_huge_policy() {
    local separator=
    printf '{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"huge"},"spec":{"podSelector":{},"policyTypes":["Ingress"],"ingress":[{"from":['
    for ((i = 0; i < 3800; i++)); do
        printf '%s{"ipBlock":{"cidr":"10.%d.%d.0/24"}}' "$separator" $((i / 250)) $((i % 250))
        separator=,
    done
    printf '],"ports":['
    separator=
    for ((i = 0; i < 3200; i++)); do
        printf '%s{"protocol":"TCP","port":%d}' "$separator" $((10000 + 2 * i))
        separator=,
    done
    printf ']}]}}'
}

walls_network_policy_too_large() {
    network_pods
    namespace $walls
    kubectl apply -n e2e-net -f - <<'YAML'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: friend-only}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: friend}}}], ports: [{port: http}]}]
YAML
    eventually 10 gets_not stranger 8080
    walls_huge_policy >"$logs/huge-policy.json"
    [[ $(stat -c %s "$logs/huge-policy.json") -gt 220000 ]] || fail "the policy is too small to show anything"
    kubectl create -n $walls -f "$logs/huge-policy.json"
    eventually 30 warned $walls huge 'the limit is'
    # The policies of others hold, change, and their pods start.
    gets friend 8080 || fail "another namespace's pod is shut out"
    if gets stranger 8080; then fail "another namespace's policy holds no longer"; fi
    sleeper after-huge e2e-net
    eventually 300 runs after-huge e2e-net
    kubectl delete networkpolicy friend-only -n e2e-net
    eventually 10 gets stranger 8080
    kubectl delete pod after-huge -n e2e-net --wait=false
    kubectl delete networkpolicy huge -n $walls
}

# walls_ingress NAMESPACE NAME SERVICE [ANNOTATION: VALUE]: an Ingress of class alb.
walls_ingress() {
    kubectl apply -n "$1" -f - <<YAML
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: $2
  annotations:
    alb.ingress.kubernetes.io/target-type: ip
    ${4:-}
spec:
  ingressClassName: alb
  rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: $3, port: {name: http}}}}]}}]
YAML
}

walls_has_address() { [[ -n $(walls_address "$1" "$2") ]]; }
walls_address() { field ingress "$2" '.status.loadBalancer.ingress[0].ip' -n "$1"; }

# walls_web: a Service of mallory's with nothing behind it.
walls_web() {
    namespace $walls
    kubectl apply -n $walls -f - <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
YAML
}

walls_network_annotation_unreadable() {
    balanced_pods
    walls_web
    walls_ingress "$balanced" walls one
    walls_ingress $walls walls web
    eventually 30 walls_has_address "$balanced" walls
    local address
    address=$(walls_address "$balanced" walls)
    eventually 60 answers_with "one " "http://$address/"
    kubectl annotate ingress walls -n $walls --overwrite alb.ingress.kubernetes.io/listen-ports='[{"HTTP": 99999999999}]'
    kubectl annotate ingress walls -n "$balanced" --overwrite alb.ingress.kubernetes.io/listen-ports='what?'
    eventually 30 warned $walls walls 'listen-ports'
    eventually 30 warned "$balanced" walls 'It is served as it was before'
    local request
    for request in $(seq 1 51); do
        answers_with "one " "http://$address/" || fail "request $request of 51 fails"
    done
    kubectl delete ingress walls -n "$balanced"
    kubectl delete ingress walls -n $walls
}

walls_network_slice_by_hand() {
    walls_web
    kubectl annotate service web -n $walls --overwrite service.beta.kubernetes.io/aws-load-balancer-type=nlb-ip
    kubectl patch service web -n $walls --type merge -p '{"spec":{"type":"LoadBalancer","loadBalancerClass":"service.k8s.aws/nlb"}}'
    local other
    other=$(kubectl get pods -A --field-selector metadata.namespace!=$walls -o 'jsonpath={.items[?(@.spec.schedulerName=="fargate-scheduler")].status.podIP}' | cut -d' ' -f1)
    # The API server itself takes neither loopback nor link-local addresses; these are what it takes.
    local address
    for address in 192.168.0.4 10.100.0.1 "$other"; do
        kubectl apply -n $walls -f - <<YAML
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: by-hand, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 6443, protocol: TCP}]
endpoints: [{addresses: [$address], conditions: {ready: true}, targetRef: {kind: Pod, name: any, namespace: $walls}}]
YAML
        eventually 30 warned $walls web "$address is no address of a pod on Fargate"
        if grep -q " $address:6443 " /run/monopod/lb/default/haproxy.cfg; then fail "$address is a target"; fi
    done
    local answer
    for address in 127.0.0.1 169.254.169.254; do
        answer=$(kubectl patch endpointslice by-hand -n $walls --type json -p "[{\"op\":\"replace\",\"path\":\"/endpoints/0/addresses/0\",\"value\":\"$address\"}]" 2>&1 || true)
        contains "$answer" 'may not be in the'
    done
    kubectl delete endpointslice by-hand -n $walls
    kubectl delete service web -n $walls
}

walls_network_group_of_others() {
    balanced_pods
    walls_web
    walls_ingress "$balanced" walls-group one 'alb.ingress.kubernetes.io/group.name: shared'
    walls_ingress $walls walls-group web 'alb.ingress.kubernetes.io/group.name: shared'
    kubectl annotate ingress walls-group -n $walls alb.ingress.kubernetes.io/group.order=-1000
    eventually 30 walls_has_address "$balanced" walls-group
    eventually 30 walls_has_address $walls walls-group
    local own theirs
    own=$(walls_address "$balanced" walls-group)
    theirs=$(walls_address $walls walls-group)
    [[ $own != "$theirs" ]] || fail "both namespaces have the load balancer $own"
    eventually 60 answers_with "one " "http://$own/"
    contains "$(answered "http://$theirs/")" " 503"
    kubectl delete ingress walls-group -n "$balanced"
    kubectl delete ingress walls-group -n $walls
}
