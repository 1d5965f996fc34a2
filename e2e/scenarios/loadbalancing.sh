# Load balancers: Services of type LoadBalancer, Ingresses of class alb, Gateways. Sourced by ../run.

balanced=e2e-balanced

# balanced_pods: a web server of two pods and its Service, with readiness gates of the load balancer.
balanced_pods() {
    if kubectl get deployment one -n "$balanced" >/dev/null 2>&1; then return; fi
    namespace "$balanced"
    kubectl label namespace "$balanced" elbv2.k8s.aws/pod-readiness-gate-inject=enabled
    # The Service first: a pod's readiness gates are those of the load balancers that are there when it is made.
    sed "s|REGISTRY|$registry|g; s|NAME|one|g; 1,/^---\$/d" "$manifests/balanced.yaml" >"$logs/balanced-service.yaml"
    printf '  type: LoadBalancer\n  loadBalancerClass: service.k8s.aws/nlb\n' >>"$logs/balanced-service.yaml"
    kubectl apply -n "$balanced" -f "$logs/balanced-service.yaml"
    sed "s|REGISTRY|$registry|g; s|NAME|one|g; /^---\$/,\$d" "$manifests/balanced.yaml" | kubectl apply -n "$balanced" -f -
    eventually 300 is 2 kubectl get deployment one -n "$balanced" -o 'jsonpath={.status.readyReplicas}'
}

# balancer_address KIND NAME: the address in an object's status.
balancer_address() {
    case $1 in
    gateway) field gateway "$2" '.status.addresses[0].value' -n "$balanced" ;;
    *) field "$1" "$2" '.status.loadBalancer.ingress[0].ip' -n "$balanced" ;;
    esac
}

# answered URL [CURL ARGUMENT...]: prints status and body.
answered() {
    local url=$1
    shift
    curl -s --max-time 10 -w ' %{http_code} %{redirect_url}' "$@" "$url"
}

answers_with() { # TEXT URL [CURL ARGUMENT...]
    local text=$1
    shift
    [[ $(answered "$@") == *"$text"* ]]
}

network_load_balancer_serves() {
    balanced_pods
    local address
    address=$(balancer_address service one)
    contains "$address" 192.168.
    eventually 60 answers_with "one " "http://$address/"
    contains "$(kubectl get pods -n "$balanced" -o 'jsonpath={.items[0].spec.readinessGates}')" target-health.elbv2.k8s.aws/k8s-
    # From a pod too, and not by way of kube-proxy.
    contains "$(inside hello default "timeout 10 wget -qO- http://$address/")" "one "
}

instance_targets_are_refused() {
    namespace "$balanced"
    local answer
    answer=$(kubectl apply -n "$balanced" -f - 2>&1 <<'YAML' || true
apiVersion: v1
kind: Service
metadata:
  name: instance
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-type: external
    service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: instance
spec: {type: LoadBalancer, selector: {app: one}, ports: [{port: 80}]}
YAML
    )
    contains "$answer" "nlb-target-type: instance is not supported" "aws-load-balancer-nlb-target-type: ip"
    answer=$(kubectl apply -n "$balanced" -f - 2>&1 <<'YAML' || true
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: instance
  annotations: {alb.ingress.kubernetes.io/target-type: instance}
spec:
  ingressClassName: alb
  defaultBackend: {service: {name: one, port: {number: 80}}}
YAML
    )
    contains "$answer" "target-type: instance is not supported" "alb.ingress.kubernetes.io/target-type: ip"
    # What EKS makes without annotations has instance targets: let in, and told by an event.
    kubectl create service loadbalancer plain -n "$balanced" --tcp=80:8080 || true
    eventually 30 told_of_instance_targets
    expect "address" "$(balancer_address service plain)" ""
    kubectl delete service plain -n "$balanced"
}
told_of_instance_targets() { kubectl get events -n "$balanced" --field-selector involvedObject.name=plain,reason=UnsupportedTargetType | grep -q 'instance targets'; }

application_load_balancer_follows_its_rules() {
    balanced_pods
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=a.example.com -addext subjectAltName=DNS:a.example.com \
        -keyout "$logs/balanced.key" -out "$logs/balanced.crt" 2>/dev/null
    # As a manifest of EKS names it: by the ARN of a certificate, which this Secret stands for.
    kubectl create secret tls acm-1e2e -n "$balanced" --cert="$logs/balanced.crt" --key="$logs/balanced.key" || true
    kubectl apply -n "$balanced" -f - <<'YAML'
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    alb.ingress.kubernetes.io/target-type: ip
    alb.ingress.kubernetes.io/listen-ports: '[{"HTTP": 80}, {"HTTPS": 443}]'
    alb.ingress.kubernetes.io/certificate-arn: arn:aws:acm:us-west-2:111122223333:certificate/1e2e
    alb.ingress.kubernetes.io/healthcheck-interval-seconds: '5'
    alb.ingress.kubernetes.io/target-group-attributes: stickiness.enabled=true
    alb.ingress.kubernetes.io/conditions.canary: '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"x-canary","values":["v?"]}}]'
    alb.ingress.kubernetes.io/actions.canary: '{"type":"fixed-response","fixedResponseConfig":{"statusCode":"200","messageBody":"canary"}}'
    alb.ingress.kubernetes.io/actions.old: '{"type":"fixed-response","fixedResponseConfig":{"contentType":"text/html","statusCode":"410","messageBody":"it is gone"}}'
    alb.ingress.kubernetes.io/actions.away: '{"type":"redirect","redirectConfig":{"host":"away.example.com","path":"/new","statusCode":"HTTP_302"}}'
spec:
  ingressClassName: alb
  rules:
    - host: a.example.com
      http:
        paths:
          - {path: /sub/, pathType: Exact, backend: {service: {name: canary, port: {name: use-annotation}}}}
          - {path: /sub, pathType: Prefix, backend: {service: {name: one, port: {name: http}}}}
          - {path: /gone, pathType: Exact, backend: {service: {name: gone, port: {number: 80}}}}
          - {path: /old, pathType: Exact, backend: {service: {name: old, port: {name: use-annotation}}}}
          - {path: /away, pathType: Exact, backend: {service: {name: away, port: {name: use-annotation}}}}
YAML
    local address
    eventually 30 has_balancer ingress web
    address=$(balancer_address ingress web)
    eventually 30 answers_with "one " "http://$address/sub/" -H 'Host: a.example.com'
    contains "$(answered "http://$address/subway" -H 'Host: a.example.com')" " 404"
    contains "$(answered "http://$address/sub/" -H 'Host: b.example.com')" " 404"
    contains "$(answered "http://$address/gone" -H 'Host: a.example.com')" " 503"
    contains "$(answered "http://$address/sub/" -H 'Host: a.example.com' -H 'x-canary: V2')" "canary 200"
    contains "$(curl -si "http://$address/sub/" -H 'Host: a.example.com')" "set-cookie: AWSALB=t-"
    expect "fixed response" "$(answered "http://$address/old" -H 'Host: a.example.com')" "it is gone 410 "
    contains "$(answered "http://$address/away?a=1" -H 'Host: a.example.com')" "302 http://away.example.com/new?a=1"
    contains "$(answered https://a.example.com/sub/ --cacert "$logs/balanced.crt" --resolve "a.example.com:443:$address")" "one "
    kubectl annotate ingress web -n "$balanced" alb.ingress.kubernetes.io/ssl-redirect=443
    eventually 30 answers_with "301 https://a.example.com/sub/" "http://$address/sub/" -H 'Host: a.example.com'
}
has_balancer() { [[ -n $(balancer_address "$1" "$2") ]]; }

gateway_routes_requests() {
    balanced_pods
    kubectl apply -n "$balanced" -f - <<'YAML'
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: alb
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: web}]
  hostnames: [g.example.com]
  rules:
    - matches: [{path: {type: PathPrefix, value: /v}}]
      filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /sub}}}]
      backendRefs: [{name: one, port: 80}]
    - matches: [{headers: [{name: x-go, value: there}]}]
      filters: [{type: RequestRedirect, requestRedirect: {hostname: there.example.com, statusCode: 301}}]
    - backendRefs: [{name: gone, port: 80}]
YAML
    eventually 30 has_balancer gateway web
    local address
    address=$(balancer_address gateway web)
    eventually 30 answers_with "one " "http://$address/v/" -H 'Host: g.example.com'
    contains "$(answered "http://$address/q?a=1" -H 'Host: g.example.com' -H 'x-go: there')" "301 http://there.example.com/q?a=1"
    contains "$(answered "http://$address/other" -H 'Host: g.example.com')" " 500"
    contains "$(answered "http://$address/v/" -H 'Host: h.example.com')" " 404"
    expect "Programmed" "$(field gateway web '.status.conditions[?(@.type=="Programmed")].status' -n "$balanced")" True
    expect "ResolvedRefs" "$(field httproute web '.status.parents[0].conditions[?(@.type=="ResolvedRefs")].reason' -n "$balanced")" BackendNotFound
}

load_balancer_may_be_killed() {
    balanced_pods
    local address pid
    address=$(balancer_address service one)
    eventually 30 answers_with "one " "http://$address/"
    pid=$(cut -d' ' -f1 /run/monopod/lb/default/haproxy.pid)
    kill -9 "$pid"
    eventually 30 answers_with "one " "http://$address/"
    eventually 10 another_haproxy "$pid"
}

another_haproxy() { [[ $(cut -d' ' -f1 /run/monopod/lb/default/haproxy.pid) != "$1" ]]; }

# A request that the machine is too busy to answer in time would count as lost: a rate far below what two pods can serve.
rolling_update_loses_no_request() { "$root/bench/rolling-update" 1 20; }

loadbalancing_scenarios() {
    scenario instance_targets_are_refused "F5: instance targets are refused with the reason"
    scenario network_load_balancer_serves "F5, F6: a Service of type LoadBalancer serves from outside and inside"
    scenario application_load_balancer_follows_its_rules "F5: an Ingress follows host, path and TLS"
    scenario gateway_routes_requests "a Gateway's HTTPRoute routes, rewrites and redirects"
    scenario load_balancer_may_be_killed "HAProxy may be killed"
    scenario rolling_update_loses_no_request "F5: a rolling update under load loses no request"
}
