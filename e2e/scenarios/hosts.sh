# Several hosts: a second one is made of namespaces on this machine, joins, carries pods, is lost, comes back and leaves.
# Sourced by ../run. The scenarios build on each other; each makes what it needs if it runs alone.

hosts=e2e-hosts
second=/tmp/monopod-second-host

hosts_scenarios() {
    # Of a run that was killed.
    hosts_end
    scenario join_names_what_is_wrong "join names what is wrong, and makes nothing"
    scenario second_host_joins "a second host joins by one command"
    scenario pods_reach_each_other_across_hosts "pods on two hosts reach each other by address and by Service"
    scenario pod_on_second_host_has_all_a_pod_has "a pod on the second host has DNS, API server, logs, exec and port-forward"
    scenario groups_hold_across_hosts "F8: security groups and NetworkPolicies hold across hosts, both ways"
    scenario pods_reach_no_other_host "F17: pods reach no kubelet and no VXLAN of another host, and foreign senders go nowhere"
    scenario large_packets_cross_hosts "large packets and streams fit across hosts"
    scenario load_balancer_serves_across_hosts "a load balancer is reached from pods of every host"
    scenario lost_hosts_pods_come_back "a lost host's pods come back on another"
    scenario host_that_comes_back_ends_what_is_not_its_own "a host that comes back ends what it should not run"
    scenario second_host_leaves "down on the second host removes its Host and leaves nothing"
    hosts_end
}

# Also for a run that was interrupted; see ../run.
hosts_end() { "$root/e2e/second-host" end "$second" >/dev/null 2>&1 || true; }

on_second() { "$root/e2e/second-host" run "$second" "$@"; }

first_host() { kubectl get hosts.monopod.dev -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' | grep -vx second; }

second_underlay() { kubectl get hosts.monopod.dev second -o 'jsonpath={.status.underlayAddress}'; }

start_second() {
    [[ -n $(field hosts.monopod.dev "$(first_host)" .status.underlayAddress) ]] || skip "this machine has no address but loopback's"
    [[ -e $second/pid ]] || "$root/e2e/second-host" start "$second"
}

# second_host: it is there, and has joined; images come from a registry of its own over the same files.
second_host() {
    if kubectl get hosts.monopod.dev second >/dev/null 2>&1; then return; fi
    start_second
    on_second setsid docker-registry serve "$logs/registry/config.yml" >"$logs/second-registry.log" 2>&1 &
    local command
    command=$("$monopod" token create)
    contains "$command" "| monopod join " " --token-file - " " --ca-hash sha256:"
    # The command as it is printed, from this checkout.
    on_second sh -c "${command/monopod join/$root/monopod join}"
    contains "$("$monopod" token list)" "second"
    registry_named "$second/data"
}

# place HOST: where new pods go, and nowhere else.
place() {
    local host
    for host in second "$(first_host)"; do
        kubectl patch hosts.monopod.dev "$host" --type merge -p "{\"spec\":{\"unschedulable\":$([[ $host == "$1" ]] && echo false || echo true)}}" >/dev/null
    done
    sleep 1
}

anywhere() {
    local host
    for host in $(kubectl get hosts.monopod.dev -o 'jsonpath={.items[*].metadata.name}'); do
        kubectl patch hosts.monopod.dev "$host" --type merge -p '{"spec":{"unschedulable":false}}' >/dev/null
    done
}

host_of() { kubectl get machines -o "jsonpath={range .items[?(@.spec.pod.name==\"$1\")]}{.spec.host}{end}"; }

# web_on HOST NAME: a pod that serves its name at 8080 and 8081.
web_on() {
    if runs "$2" "$hosts"; then return; fi
    place "$1"
    kubectl apply -f - <<YAML
apiVersion: v1
kind: Pod
metadata:
  name: $2
  namespace: $hosts
  labels: {app: $2}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: $registry/busybox:1
      command: [sh, -c, "mkdir /tmp/w; echo from-$2 >/tmp/w/index.html; head -c 3000000 /dev/zero >/tmp/w/large; httpd -p 8080 -h /tmp/w; httpd -p 8081 -h /tmp/w; echo started; exec sleep 100000"]
      readinessProbe: {tcpSocket: {port: 8081}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: svc-$2, namespace: $hosts}
spec: {selector: {app: $2}, ports: [{port: 80, targetPort: 8080}]}
YAML
    eventually 30 is "$1" host_of "$2"
}

# The pods of all scenarios: here on the first host, there and other on the second.
pods_of_hosts() {
    second_host
    namespace "$hosts"
    web_on "$(first_host)" here
    web_on second there
    web_on second other
    anywhere
    for name in here there other; do eventually 180 runs "$name" "$hosts"; done
    here=$(field pod here .status.podIP -n "$hosts")
    there=$(field pod there .status.podIP -n "$hosts")
}

# gets_from POD ADDRESS[:PORT] TEXT
gets_from() { [[ $(inside "$1" "$hosts" "timeout 5 wget -qO- http://$2/" 2>/dev/null) == "$3" ]]; }
gets_nothing_from() { ! inside "$1" "$hosts" "timeout 3 wget -qO- http://$2/" >/dev/null 2>&1; }

# refused_join PART ARGUMENT...: joining ends with an error that has the part.
refused_join() {
    local part=$1 answer
    shift
    if answer=$(on_second "$monopod" join "$@" 2>&1); then fail "it joined: $answer"; fi
    contains "$answer" "$part"
}

join_names_what_is_wrong() {
    start_second
    local address token hash
    read -r _ token _ _ _ address _ _ _ hash < <("$monopod" token create)
    refused_join "--token" "$address" --token x --ca-hash "$hash"
    refused_join "token: the cluster does not know it" "$address" --token aaaaaa.0123456789abcdef --ca-hash "$hash"
    refused_join "ca-hash sha256:0000" "$address" --token "$token" --ca-hash "sha256:$(printf '0%.0s' {1..64})"
    refused_join "address 198.19.77.1:1: no API server answers" 198.19.77.1:1 --token "$token" --ca-hash "$hash"
    # By the link's own address, which the certificate does not name.
    refused_join "does not name it" 198.19.77.1:6443 --token "$token" --ca-hash "$hash"
    refused_join "host name $(first_host)" "$address" --token "$token" --ca-hash "$hash" --host-name "$(first_host)"
    on_second ip route add 192.168.64.0/20 dev lo
    refused_join "this machine has a route to 192.168.64.0/20" "$address" --token "$token" --ca-hash "$hash"
    on_second ip route delete 192.168.64.0/20 dev lo
    expect "what is there" "$(on_second find "$second/data" -mindepth 1; on_second ls /run/netns)" ""
    expect "hosts" "$(kubectl get hosts.monopod.dev -o name | wc -l)" 1
}

second_host_joins() {
    second_host
    contains "$(field hosts.monopod.dev second .status.address)" 192.168.
    expect "underlay address" "$(second_underlay)" 198.19.77.2
    # Its key is its own, below the cluster's authority.
    on_second openssl verify -CAfile "$MONOPOD_DATA/pki/kubelet-ca.crt" "$second/data/pki/kubelet-ca.crt"
    expect "authority's key on the second host" "$(cmp -s "$MONOPOD_DATA/pki/kubelet-ca.key" "$second/data/pki/kubelet-ca.key" && echo same)" ""
    # Once more: nothing changes.
    on_second "$monopod" up --no-first-pod
}

pods_reach_each_other_across_hosts() {
    pods_of_hosts
    gets_from here "$there:8080" from-there || fail "there is not reached by address"
    gets_from there "$here:8080" from-here || fail "here is not reached by address"
    gets_from here "svc-there.$hosts" from-there || fail "there is not reached by its Service"
    gets_from there "svc-here.$hosts" from-here || fail "here is not reached by its Service"
    # A pod that reaches itself by way of its Service, and its neighbour.
    gets_from there "svc-there.$hosts" from-there || fail "there does not reach itself by its Service"
    gets_from there "svc-other.$hosts" from-other || fail "there does not reach its neighbour"
    # The hosts themselves, as the API server reaches webhooks.
    contains "$(curl -sS --max-time 5 "http://$there:8080/")" from-there
    contains "$(on_second curl -sS --max-time 5 "http://$here:8080/")" from-here
}

pod_on_second_host_has_all_a_pod_has() {
    pods_of_hosts
    contains "$(inside there "$hosts" 'timeout 20 nslookup kubernetes.default.svc.cluster.local')" 10.100.0.1
    place second
    kubectl run client -n "$hosts" --image="$registry/web:1" >/dev/null
    eventually 120 runs client "$hosts"
    anywhere
    contains "$(inside client "$hosts" 'd=/var/run/secrets/kubernetes.io/serviceaccount
        curl -sS --max-time 20 --cacert $d/ca.crt -H "Authorization: Bearer $(cat $d/token)" https://kubernetes.default.svc/version')" gitVersion
    kubectl delete pod client -n "$hosts" --now
    # Its agent asks the controller on the first host, which finds that this token is for the API server alone.
    contains "$(inside there "$hosts" 'timeout 15 wget -qO- --header "Authorization: $(cat /var/run/secrets/kubernetes.io/serviceaccount/token)" http://169.254.170.23/v1/credentials' 2>&1 || true)" 'HTTP/1.1 400'
    expect "logs" "$(kubectl logs there -n "$hosts")" started
    expect "exec" "$(kubectl exec there -n "$hosts" -- echo word)" word
    kubectl port-forward -n "$hosts" pod/there 18098:8080 >"$logs/forward-second" 2>&1 &
    trap 'kill '$! EXIT
    eventually 20 is from-there curl -sS --max-time 5 http://127.0.0.1:18098/
    eventually 120 kubectl top pod there -n "$hosts"
}

groups_hold_across_hosts() {
    pods_of_hosts
    kubectl apply -f - <<YAML
apiVersion: monopod.dev/v1
kind: SecurityGroup
metadata: {name: e2e-hosts-web}
spec:
  vpc: default
  ingress: [{protocol: tcp, fromPort: 8080, group: sg-cluster-default}]
  egress: []
---
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: web, namespace: $hosts}
spec:
  podSelector: {matchExpressions: [{key: app, operator: In, values: [guarded-here, guarded-there]}]}
  securityGroups: {groupIds: [e2e-hosts-web]}
YAML
    web_on "$(first_host)" guarded-here
    web_on second guarded-there
    anywhere
    local name from address
    for name in here there; do
        eventually 180 runs "guarded-$name" "$hosts"
        address=$(field pod "guarded-$name" .status.podIP -n "$hosts")
        for from in here there; do
            eventually 10 gets_from "$from" "$address:8080" "from-guarded-$name"
            gets_nothing_from "$from" "$address:8081" || fail "$from reaches 8081 of guarded-$name, which no rule allows"
        done
        # No egress: not to the other host either.
        gets_nothing_from "guarded-$name" "$here:8080" || fail "guarded-$name reaches here, which no rule allows"
        gets_nothing_from "guarded-$name" "$there:8080" || fail "guarded-$name reaches there, which no rule allows"
    done
    kubectl apply -n "$hosts" -f - <<YAML
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: there}
spec:
  podSelector: {matchLabels: {app: there}}
  ingress: [{from: [{podSelector: {matchLabels: {app: friend}}}]}]
YAML
    eventually 10 gets_nothing_from here "$there:8080"
    kubectl label pod here -n "$hosts" app=friend --overwrite
    eventually 10 gets_from here "$there:8080" from-there
    kubectl delete networkpolicy there -n "$hosts"
    kubectl label pod here -n "$hosts" app=here --overwrite
    kubectl delete pod guarded-here guarded-there -n "$hosts" --now
    kubectl delete securitygrouppolicy web -n "$hosts"
    kubectl delete sg e2e-hosts-web --wait=false
}

# dropped COMMAND...: packets that a table's rules of drops have counted.
dropped() { "$@" nft list table ip monopod_hosts | sed -n "s/.*counter packets \([0-9]*\).*/\1/p" | awk '{ all += $1 } END { print all }'; }

pods_reach_no_other_host() {
    pods_of_hosts
    local first before
    first=$(field hosts.monopod.dev "$(first_host)" .status.underlayAddress)
    before=$(dropped on_second)
    gets_nothing_from there "$first:10250" || fail "the kubelet of the first host answers"
    gets_nothing_from here "$(second_underlay):10250" || fail "the kubelet of the second host answers"
    # A frame of a pod's own making would arrive as from its host.
    inside there "$hosts" "echo frame | timeout 2 nc -u -w 1 $first 14789" || true
    (($(dropped on_second) > before)) || fail "nothing was dropped"
    local address
    for address in 192.168.0.4 "$(field hosts.monopod.dev second .status.address)" 192.168.0.1; do
        inside there "$hosts" "timeout 3 nc -w 3 $address 10250 -e /bin/true" >/dev/null 2>&1 && fail "$address:10250 answers a pod"
        inside here "$hosts" "timeout 3 nc -w 3 $address 10250 -e /bin/true" >/dev/null 2>&1 && fail "$address:10250 answers a pod"
    done
    # Nor do they need to, for each other's kubelets.
    inside there "$hosts" "timeout 5 nc -w 5 $here 10250 -e /bin/true" || fail "a pod does not reach the kubelet of a pod on the first host"
    inside here "$hosts" "timeout 5 nc -w 5 $there 10250 -e /bin/true" || fail "a pod does not reach the kubelet of a pod on the second host"
    # What a host does not carry is not taken from it.
    local router=monopod-vpc-default
    before=$(dropped ip netns exec "$router")
    on_second ip -n "$router" address add 192.168.200.200/32 dev lo
    on_second ip netns exec "$router" busybox ping -c 1 -W 1 -I 192.168.200.200 "$here" || true
    on_second ip -n "$router" address delete 192.168.200.200/32 dev lo
    (($(dropped ip netns exec "$router") > before)) || fail "a foreign sender was not dropped"
}

large_packets_cross_hosts() {
    pods_of_hosts
    expect "size of the answer" "$(inside here "$hosts" "timeout 60 wget -qO- http://$there:8080/large | wc -c")" 3000000
    expect "size of the answer" "$(inside there "$hosts" "timeout 60 wget -qO- http://$here:8080/large | wc -c")" 3000000
    local mtu other
    mtu=$(inside there "$hosts" 'cat /sys/class/net/eth0/mtu')
    other=$(inside here "$hosts" 'cat /sys/class/net/eth0/mtu')
    # The links of the two hosts may differ.
    ((mtu <= other)) || mtu=$other
    contains "$(inside there "$hosts" "ping -c 1 -W 3 -s $((mtu - 28)) $here")" "1 packets received"
    # The first may come back as too large for the other host's link; then the pod knows.
    inside there "$hosts" "ping -c 1 -W 3 -s 4000 $here" || true
    contains "$(inside there "$hosts" "ping -c 1 -W 3 -s 4000 $here")" "1 packets received"
}

# balanced APP PORT: a load balancer of these pods.
balanced() {
    kubectl apply -n "$hosts" -f - <<YAML
apiVersion: v1
kind: Service
metadata: {name: balanced}
spec:
  type: LoadBalancer
  loadBalancerClass: service.k8s.aws/nlb
  selector: {app: $1}
  ports: [{port: 80, targetPort: $2}]
YAML
    eventually 30 balanced_address
}

load_balancer_serves_across_hosts() {
    pods_of_hosts
    balanced here 8080
    local address
    address=$(balanced_address)
    eventually 60 gets_from here "$address" from-here
    eventually 60 gets_from there "$address" from-here
    contains "$(curl -sS --max-time 5 "http://$address/")" from-here
    contains "$(on_second curl -sS --max-time 5 "http://$address/")" from-here
    kubectl delete service balanced -n "$hosts"
}

balanced_address() { field service balanced '.status.loadBalancer.ingress[0].ip' -n "$hosts" | grep .; }

deployed_on() { # HOST COUNT
    [[ $(kubectl get machines -o "jsonpath={range .items[?(@.spec.host==\"$1\")]}{.spec.pod.name}{\"\n\"}{end}" | grep -c '^come-back-') == "$2" ]]
}

# Supervisor, then what it runs.
second_pids() {
    on_second "$dist/monopod-control-plane" supervisor-status | sed -n 's/^ *"pid": \([0-9]*\).*/\1/p'
}

lost_hosts_pods_come_back() {
    pods_of_hosts
    place second
    kubectl create deployment come-back -n "$hosts" --image="$registry/web:1" --replicas=2
    eventually 180 is 2 kubectl get deployment come-back -n "$hosts" -o 'jsonpath={.status.readyReplicas}'
    deployed_on second 2 || fail "the pods are not on the second host"
    balanced come-back 80
    eventually 60 is 200 curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://$(balanced_address)/"
    anywhere
    # The machines stay: a host that is only cut off keeps its own, too. The supervisor first, that it start nothing anew.
    on_second sh -c "kill -9 $(second_pids | tr '\n' ' ')"
    eventually 240 is 2 kubectl get deployment come-back -n "$hosts" -o 'jsonpath={.status.readyReplicas}'
    eventually 240 deployed_on "$(first_host)" 2
    eventually 60 is 2 kubectl get deployment come-back -n "$hosts" -o 'jsonpath={.status.readyReplicas}'
    eventually 60 is 200 curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://$(balanced_address)/"
    kubectl delete service balanced -n "$hosts"
    deployed_on second 0 || fail "machines of the lost host are left"
    expect "machines that run on at the lost host" "$(on_second pgrep -c qemu-system)" 4
}

host_that_comes_back_ends_what_is_not_its_own() {
    second_host
    on_second "$monopod" up --no-first-pod
    eventually 60 is 0 sh -c "'$root/e2e/second-host' run '$second' pgrep -c qemu-system || true"
    namespace "$hosts"
    web_on second again
    anywhere
    eventually 180 runs again "$hosts"
    expect "logs" "$(kubectl logs again -n "$hosts")" started
}

# second_host_of_another_cluster ADDRESS: it joins the cluster of $KUBECONFIG, whose API server is at the address, as the
# first host has joined it; a pod there is reached from here.
second_host_of_another_cluster() {
    local image
    "$root/e2e/second-host" start "$second"
    sed "s|https://127.0.0.1:6443|https://$1:6443|" "$KUBECONFIG" >"$second/kubeconfig"
    on_second "$monopod" up --kubeconfig "$second/kubeconfig" --no-first-pod
    expect "controllers" "$(accounts_of controller)" "controller.$(first_host)"
    expect "files of a controller on the second host" "$(find "$second/data/kubeconfig" -name 'joined-controller*')" ""
    contains "$(on_second "$monopod" status)" " leads."
    place second
    image=$(field pod hello '.spec.containers[0].image')
    kubectl run there --image="$image" --image-pull-policy=IfNotPresent --command -- sh -c 'mkdir /tmp/w; echo from-there >/tmp/w/index.html; httpd -f -p 8080 -h /tmp/w'
    eventually 120 runs there default
    expect "host of the pod" "$(host_of there)" second
    eventually 20 is from-there inside hello default "timeout 5 wget -qO- http://$(field pod there .status.podIP):8080/"
    kubectl delete pod there --now
    the_controller_moves
    on_second "$monopod" down
    expect "hosts" "$(kubectl get hosts.monopod.dev -o name | wc -l)" 1
    hosts_end
    anywhere
}

accounts_of() { kubectl get serviceaccounts -n monopod-system -o name | sed -n "s|serviceaccount/\($1\..*\)|\1|p"; }

# The second host gets the role, the first loses it, and there and back.
status_says() { [[ $("$monopod" status) == *"$1"* ]]; }

the_controller_moves() {
    on_second "$monopod" up --controller --kubeconfig "$second/kubeconfig" --no-first-pod
    "$monopod" up --no-controller --kubeconfig "$KUBECONFIG" --no-first-pod
    expect "controllers" "$(accounts_of controller)" controller.second
    expect "files of a controller on the first host" "$(find "$MONOPOD_DATA/kubeconfig" -name 'joined-controller*')" ""
    # The controller that ended had no right any more to give its Lease back.
    eventually 60 status_says "The controller of second leads."
    on_second "$monopod" up --no-controller --kubeconfig "$second/kubeconfig" --no-first-pod
    eventually 60 status_says "No controller runs in this cluster"
    ! "$monopod" status >/dev/null || fail "status finds nothing wrong without a controller"
    "$monopod" up --controller --kubeconfig "$KUBECONFIG" --no-first-pod
    expect "controllers" "$(accounts_of controller)" "controller.$(first_host)"
}

second_host_leaves() {
    second_host
    on_second "$monopod" down
    expect "hosts" "$(kubectl get hosts.monopod.dev -o name)" "host.monopod.dev/$(first_host)"
    expect "addresses of hosts" "$(kubectl get ipaddresses -l monopod.dev/host=second -o name)" ""
    deployed_on second 0 || fail "machines of the second host are left"
    expect "what is left" "$(on_second sh -c "ls /run/netns; ls '$second/data' 2>/dev/null; ip -br link show type vxlan; nft list tables")" ""
    eventually 30 is "" ip netns exec monopod-vpc-default ip route show dev vx0
    kubectl delete namespace "$hosts" --wait=false
}
