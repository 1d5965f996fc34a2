# What a pod is called and told of itself. A topic of ../run.

identity_scenarios() {
    scenario identity_is_what_a_kubelet_gives "hosts, names, DNS and environment are those of a kubelet"
    scenario identity_readiness_is_in_endpoint_slices "a pod's readiness and hostname are in EndpointSlices and DNS"
}

identity_pod() {
    namespace e2e-identity
    [[ -z $(kubectl get pod web -n e2e-identity --ignore-not-found -o name) ]] || return 0
    kubectl create configmap words -n e2e-identity --from-literal=plain=1 --from-literal=with.dot=2
    kubectl create service clusterip shop-front -n e2e-identity --tcp=80:8080
    sed "s|REGISTRY|$registry|g" <<'YAML' | kubectl apply -n e2e-identity -f -
apiVersion: v1
kind: Service
metadata: {name: peers}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
  annotations: {note: "two\nlines"}
spec:
  terminationGracePeriodSeconds: 1
  hostname: front
  subdomain: peers
  setHostnameAsFQDN: true
  hostAliases: [{ip: 10.1.2.3, hostnames: [db, db.local]}, {ip: 10.1.2.4, hostnames: [cache]}]
  dnsConfig: {nameservers: [10.9.9.1, 10.9.9.2, 10.9.9.3], searches: [own.example], options: [{name: ndots, value: "3"}, {name: edns0}]}
  initContainers:
    - {name: writes, image: "REGISTRY/busybox:1", command: [sh, -c, "echo \"TOLD='by the first'\" > /shared/env"], volumeMounts: [{name: shared, mountPath: /shared}]}
  containers:
    - name: main
      image: REGISTRY/busybox:1
      command: [sh, -c, "trap 'exit 0' TERM; echo 'args $(PLAIN_plain) $(PATH) $$(PLAIN_plain)'; while :; do sleep 3600 & wait $!; done"]
      readinessProbe: {exec: {command: [test, -f, /tmp/ready]}, periodSeconds: 1}
      envFrom: [{prefix: PLAIN_, configMapRef: {name: words}}, {configMapRef: {name: none, optional: true}}]
      env:
        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: POD_IPS, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}
        - {name: HOST_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
        - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
        - {name: CPUS, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}
        - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Ki}}}
        - {name: DISK, valueFrom: {resourceFieldRef: {resource: limits.ephemeral-storage}}}
        - {name: TOLD, valueFrom: {fileKeyRef: {volumeName: shared, path: env, key: TOLD}}}
        - {name: JOINED, value: "$(TOLD) at $(SHOP_FRONT_SERVICE_HOST)"}
      volumeMounts: [{name: about, mountPath: /about}]
    - name: own
      image: REGISTRY/busybox:1
      command: [sleep, "100000"]
      volumeMounts: [{name: shared, mountPath: /etc/hosts, subPath: env}]
  volumes:
    - {name: shared, emptyDir: {}}
    - name: about
      downwardAPI:
        items:
          - {path: labels, fieldRef: {fieldPath: metadata.labels}}
          - {path: annotations, fieldRef: {fieldPath: metadata.annotations}}
          - {path: memory, resourceFieldRef: {containerName: main, resource: limits.memory}}
YAML
    eventually 120 kubectl exec web -n e2e-identity -c main -- true
}

identity_is_what_a_kubelet_gives() {
    identity_pod
    local address node services variables
    address=$(field pod web .status.podIP -n e2e-identity)
    node=$(field pod web .spec.nodeName -n e2e-identity)
    services=$(field service shop-front .spec.clusterIP -n e2e-identity)
    kubectl exec web -n e2e-identity -c main -- cat /etc/hosts >"$logs/hosts"
    printf '%s\n' '# Kubernetes-managed hosts file.' $'127.0.0.1\tlocalhost' $'::1\tlocalhost ip6-localhost ip6-loopback' \
        $'fe00::0\tip6-localnet' $'fe00::0\tip6-mcastprefix' $'fe00::1\tip6-allnodes' $'fe00::2\tip6-allrouters' \
        "$address"$'\tfront.peers.e2e-identity.svc.cluster.local\tfront' '' '# Entries added by HostAliases.' \
        $'10.1.2.3\tdb\tdb.local' $'10.1.2.4\tcache' | diff - "$logs/hosts" || fail "/etc/hosts differs"
    expect "own hosts file" "$(kubectl exec web -n e2e-identity -c own -- cat /etc/hosts)" "TOLD='by the first'"
    kubectl exec web -n e2e-identity -c main -- sh -c 'echo "10.1.2.5 more" >> /etc/hosts'
    expect "hostname" "$(kubectl exec web -n e2e-identity -c main -- sh -c 'hostname; cat /etc/hostname; echo $HOSTNAME' | sort -u)" \
        front.peers.e2e-identity.svc.cluster.local
    contains "$(kubectl exec web -n e2e-identity -c main -- cat /etc/resolv.conf)" \
        'search e2e-identity.svc.cluster.local svc.cluster.local cluster.local' ' own.example' $'nameserver 10.9.9.1\nnameserver 10.9.9.2\noptions ndots:3 edns0'
    contains "$(kubectl get events -n e2e-identity --field-selector reason=DNSConfigForming -o 'jsonpath={.items[*].message}')" \
        'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 10.100.0.10 10.9.9.1 10.9.9.2'
    variables=$(kubectl exec web -n e2e-identity -c main -- env)
    contains "$variables" "POD_IP=$address" "POD_IPS=$address" "HOST_IP=$address" "NODE=$node" PLAIN_plain=1 PLAIN_with.dot=2 "TOLD=by the first" \
        "JOINED=by the first at $services" "SHOP_FRONT_SERVICE_PORT=80" "SHOP_FRONT_PORT_80_TCP=tcp://$services:80" KUBERNETES_SERVICE_HOST=10.100.0.1
    expect "cpus" "$(sed -n 's/^CPUS=//p' <<<"$variables")" 250
    expect "memory" "$(sed -n 's/^MEMORY=//p' <<<"$variables")Ki" "$(identity_allocatable memory "$node")"
    expect "disk" "$(sed -n 's/^DISK=//p' <<<"$variables")" "$(($(identity_allocatable ephemeral-storage "$node" | sed 's/Ki$/*1024/; s/Mi$/*1048576/; s/Gi$/*1073741824/')))"
    expect "arguments" "$(kubectl logs web -n e2e-identity -c main | head -n 1)" 'args 1 $(PATH) $(PLAIN_plain)'
    contains "$(kubectl exec web -n e2e-identity -c main -- cat /about/labels)" 'app="web"'
    contains "$(kubectl exec web -n e2e-identity -c main -- cat /about/annotations)" 'note="two\nlines"'
}

# identity_allocatable RESOURCE NODE: memory in Ki.
identity_allocatable() {
    local value
    value=$(field node "$2" ".status.allocatable.$1")
    case $1:$value in
    memory:*Mi) echo "$((${value%Mi} * 1024))Ki" ;;
    memory:*Gi) echo "$((${value%Gi} * 1048576))Ki" ;;
    *) echo "$value" ;;
    esac
}

slice() { kubectl get endpointslices -n e2e-identity -l kubernetes.io/service-name=peers -o 'jsonpath={.items[*].endpoints[*].conditions.ready} {.items[*].endpoints[*].hostname}'; }

identity_readiness_is_in_endpoint_slices() {
    identity_pod
    local address
    address=$(field pod web .status.podIP -n e2e-identity)
    eventually 30 is "false front" slice
    kubectl exec web -n e2e-identity -c main -- touch /tmp/ready
    eventually 30 is "true front" slice
    expect "address in the slice" "$(kubectl get endpointslices -n e2e-identity -l kubernetes.io/service-name=peers -o 'jsonpath={.items[*].endpoints[*].addresses[0]}')" "$address"
    eventually 40 identity_resolves "$address"
    kubectl exec web -n e2e-identity -c main -- rm /tmp/ready
    eventually 30 is "false front" slice
    kubectl delete namespace e2e-identity --wait=false
}

identity_resolves() { contains "$(kubectl exec hello -- timeout 10 nslookup front.peers.e2e-identity.svc.cluster.local)" "$1"; }
