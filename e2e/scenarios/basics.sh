# What a first user tries: up, a node for each pod, refusals, a web server, a job, kubectl's verbs. Sourced by ../run, which runs these first.

basics_scenarios() {
    scenario node_stands_for_the_pod "a node with its taint stands for the pod"
    scenario each_pod_has_its_own_kernel "F4: each pod has a kernel of its own"
    scenario capacity_provisioned_is_right "CapacityProvisioned is what EKS says"
    scenario limits_are_those_of_fargate "F12: nofile and nproc are 1024 and 65535"
    scenario daemon_set_lands_nowhere "F9: a DaemonSet lands on no Fargate node"
    scenario refuses_privileged "F10: refuses privileged, naming field and reason"
    scenario refuses_host_port "F11: refuses hostPort"
    scenario refuses_host_network "F11: refuses hostNetwork"
    scenario refuses_gpu "F13: refuses GPUs"
    scenario refuses_host_path "refuses hostPath"
    scenario refuses_host_pid "refuses hostPID"
    scenario refuses_host_ipc "refuses hostIPC"
    scenario pod_without_profile_stays_with_the_default_scheduler "F7: a pod that matches no profile stays with the default scheduler"
    scenario pending_pod_starts_when_its_profile_appears "F7: a pending pod starts when its profile appears"
    scenario deployment_of_five_becomes_ready "a Deployment of five web servers becomes Ready"
    scenario pod_reaches_pod_by_address "a pod reaches another by address"
    scenario pod_reaches_service_by_name "F6: a pod reaches a Service by name"
    scenario pod_reaches_api_server_with_its_token "a pod reaches the API server with its token"
    scenario metadata_service_is_dead "F20: 169.254.169.254 is dead"
    scenario deployment_scales_to_ten_and_to_zero "the Deployment scales to ten and to zero"
    scenario job_of_a_java_program_completes "a Job with a Java program completes"
    scenario logs_follow "kubectl logs -f follows"
    scenario exec_gives_output_and_exit_code "kubectl exec gives output, input, a terminal and the exit code"
    scenario cp_brings_files_both_ways "kubectl cp brings files both ways"
    scenario port_forward_serves "kubectl port-forward serves"
    scenario attach_speaks_to_the_process "kubectl attach speaks to the process"
    scenario top_shows_use "kubectl top pod shows use"
}

up_ends_with_a_running_pod() {
    "$monopod" up
    expect "phase of hello" "$(field pod hello .status.phase)" Running
    contains "$(kubectl logs hello)" "Hello from a machine of my own"
}

up_again_keeps_everything() {
    local before
    before=$(identity hello default)
    "$monopod" up
    expect "identity of hello" "$(identity hello default)" "$before"
}

node_stands_for_the_pod() {
    local address node
    address=$(field pod hello .status.podIP)
    node=$(field pod hello .spec.nodeName)
    expect "node" "$node" "fargate-ip-${address//./-}.us-west-2.compute.internal"
    expect "InternalIP" "$(field node "$node" '.status.addresses[?(@.type=="InternalIP")].address')" "$address"
    expect "hostIP" "$(field pod hello .status.hostIP)" "$address"
    contains "$(field node "$node" .spec.taints)" '"key":"eks.amazonaws.com/compute-type"' '"value":"fargate"' '"effect":"NoSchedule"'
    expect "Ready" "$(field node "$node" '.status.conditions[?(@.type=="Ready")].status')" True
}

each_pod_has_its_own_kernel() {
    namespace e2e-kernel
    sleeper second e2e-kernel
    local host one two
    host=$(cat /proc/sys/kernel/random/boot_id)
    one=$(inside hello default 'cat /proc/sys/kernel/random/boot_id')
    two=$(inside second e2e-kernel 'cat /proc/sys/kernel/random/boot_id')
    [[ $one != "$host" && $two != "$host" && $one != "$two" ]] || fail "boot_id: host $host, pods $one and $two"
    [[ $(inside hello default 'uname -r') != $(uname -r) ]] || fail "the pod sees the host's kernel $(uname -r)"
    [[ $(inside hello default 'cat /proc/cpuinfo') != $(cat /proc/cpuinfo) ]] || fail "the pod sees the host's processors"
    expect "processors" "$(inside hello default 'grep -c ^processor /proc/cpuinfo')" 1
}

capacity() { # CPU MEMORY EXPECTED
    local answer
    answer=$(kubectl run size -n e2e-size --image=x --dry-run=server -o 'jsonpath={.metadata.annotations.CapacityProvisioned}' \
        --overrides="{\"spec\":{\"containers\":[{\"name\":\"size\",\"image\":\"x\",\"resources\":{\"requests\":{$1}}}]}}")
    expect "CapacityProvisioned of {$1}" "$answer" "$2"
}

capacity_provisioned_is_right() {
    namespace e2e-size
    expect "hello" "$(field pod hello .metadata.annotations.CapacityProvisioned)" "0.25vCPU 0.5GB"
    capacity '' '0.25vCPU 0.5GB'
    capacity '"cpu":"1","memory":"8Gi"' '2vCPU 9GB'
    capacity '"cpu":"2","memory":"3840Mi"' '2vCPU 4GB'
    capacity '"cpu":"250m","memory":"256Mi"' '0.25vCPU 0.5GB'
    capacity '"cpu":"16","memory":"100Gi"' '16vCPU 104GB'
}

# ---- a web server ----

replicas_ready() { is "$1" kubectl get deployment web -n e2e-web -o 'jsonpath={.status.readyReplicas}'; }

deployment_of_five_becomes_ready() {
    namespace e2e-web
    apply e2e-web web.yaml
    eventually 300 replicas_ready 5
    expect "different nodes" "$(kubectl get pods -n e2e-web -o 'jsonpath={range .items[*]}{.spec.nodeName}{"\n"}{end}' | sort -u | wc -l)" 5
}

pod_reaches_pod_by_address() {
    local address
    address=$(kubectl get pods -n e2e-web -l app=web -o 'jsonpath={.items[0].status.podIP}')
    contains "$(inside hello default "timeout 10 wget -qO- http://$address/")" "a web server"
}

pod_reaches_service_by_name() {
    contains "$(inside hello default 'cat /etc/resolv.conf')" "nameserver 10." "svc.cluster.local"
    contains "$(inside hello default 'timeout 20 wget -qO- http://web.e2e-web.svc.cluster.local:8080/')" "a web server"
    contains "$(inside hello default 'timeout 20 wget -qO- http://web.e2e-web:8080/')" "a web server"
}

pod_reaches_api_server_with_its_token() {
    local pod
    pod=$(kubectl get pods -n e2e-web -l app=web -o 'jsonpath={.items[0].metadata.name}')
    kubectl create role reader -n e2e-web --verb=get,list --resource=pods
    kubectl create rolebinding reader -n e2e-web --role=reader --serviceaccount=e2e-web:default
    contains "$(inside "$pod" e2e-web 'd=/var/run/secrets/kubernetes.io/serviceaccount
        curl -sS --max-time 20 --cacert $d/ca.crt -H "Authorization: Bearer $(cat $d/token)" https://kubernetes.default.svc/api/v1/namespaces/$(cat $d/namespace)/pods')" '"kind": "PodList"' "$pod"
}

metadata_service_is_dead() {
    if inside hello default 'timeout 3 wget -qO- http://169.254.169.254/'; then fail "169.254.169.254 answers"; fi
}

has_daemon_pods() { [[ -n $(kubectl get pods -n e2e-daemon -o name) ]]; }

daemon_set_lands_nowhere() {
    namespace e2e-daemon
    # The node of a pod that has ended has room; its taint is tolerated.
    kubectl run ended -n e2e-daemon --image="$registry/busybox:1" --restart=Never --command -- true
    eventually 120 is Succeeded kubectl get pod ended -n e2e-daemon -o 'jsonpath={.status.phase}'
    apply e2e-daemon daemon.yaml
    eventually 30 has_daemon_pods
    sleep 5
    expect "profiles" "$(kubectl get pods -n e2e-daemon -l app=everywhere -o 'jsonpath={.items[*].metadata.labels.eks\.amazonaws\.com/fargate-profile}')" ""
    expect "nodes" "$(kubectl get pods -n e2e-daemon -l app=everywhere -o 'jsonpath={.items[*].spec.nodeName}')" ""
    kubectl delete namespace e2e-daemon --wait=false
}

limits_are_those_of_fargate() {
    local limits
    limits=$(inside hello default 'cat /proc/1/limits' | tr -s ' ')
    contains "$limits" "Max open files 1024 65535" "Max processes 1024 65535"
}

deployment_scales_to_ten_and_to_zero() {
    kubectl scale deployment web -n e2e-web --replicas=10
    eventually 300 replicas_ready 10
    kubectl scale deployment web -n e2e-web --replicas=0
    eventually 120 is 0 sh -c 'kubectl get pods -n e2e-web -o name | wc -l'
    eventually 60 is 0 sh -c "kubectl get machines -o jsonpath='{range .items[*]}{.spec.pod.namespace}{\"\\n\"}{end}' | grep -c '^e2e-web$' || true"
}

# ---- a job, and kubectl's verbs ----

job_of_a_java_program_completes() {
    namespace e2e-job
    apply e2e-job primes.yaml
    eventually 300 is 1 kubectl get job primes -n e2e-job -o 'jsonpath={.status.succeeded}'
    contains "$(kubectl logs -n e2e-job job/primes)" "primes below 200000: 17984"
    expect "phase" "$(kubectl get pods -n e2e-job -o 'jsonpath={.items[0].status.phase}')" Succeeded
}

talker() {
    namespace e2e-verbs
    apply e2e-verbs interactive.yaml >/dev/null
    eventually 120 runs talker e2e-verbs
}

logs_follow() {
    talker
    local text
    text=$(timeout 6 kubectl logs -f talker -n e2e-verbs --tail=1 || true)
    (($(wc -l <<<"$text") >= 3)) || fail "logs -f gave: $text"
    expect "tail" "$(kubectl logs talker -n e2e-verbs --tail=2 | wc -l)" 2
    contains "$(kubectl logs talker -n e2e-verbs --timestamps --tail=1)" "Z line"
}

exec_gives_output_and_exit_code() {
    talker
    expect "output" "$(kubectl exec talker -n e2e-verbs -- echo word)" word
    expect "input" "$(echo through | kubectl exec -i talker -n e2e-verbs -- cat)" through
    local code=0
    kubectl exec talker -n e2e-verbs -- sh -c 'exit 7' || code=$?
    expect "exit code" "$code" 7
    contains "$(script -qec 'kubectl exec -it talker -n e2e-verbs -- tty' /dev/null)" /dev/
}

cp_brings_files_both_ways() {
    talker
    head -c 3000000 /dev/urandom >"$logs/there"
    kubectl cp "$logs/there" e2e-verbs/talker:/tmp/file
    kubectl cp e2e-verbs/talker:/tmp/file "$logs/back"
    cmp "$logs/there" "$logs/back" || fail "the file changed on its way"
    rm -f "$logs/there" "$logs/back"
}

port_forward_serves() {
    talker
    kubectl port-forward -n e2e-verbs pod/talker 18099:8000 >"$logs/forward" 2>&1 &
    local pid=$!
    trap 'kill '"$pid" EXIT
    eventually 20 is served curl -sS --max-time 5 http://127.0.0.1:18099/
}

attach_speaks_to_the_process() {
    talker
    contains "$( (echo hello; sleep 3) | timeout 10 kubectl attach -i talker -n e2e-verbs -c main 2>&1 || true)" "heard hello"
}

top_shows_use() {
    talker
    eventually 120 kubectl top pod talker -n e2e-verbs
    contains "$(kubectl top pod talker -n e2e-verbs --no-headers)" talker Mi
}

# ---- refusals ----

# refused POD_SPEC PART...: creating it is refused, and the answer has all parts.
refused() {
    local answer spec=$1
    shift
    namespace e2e-refused
    if answer=$(printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"refused","namespace":"e2e-refused"},"spec":%s}' "$spec" |
        kubectl apply -f - 2>&1); then
        kubectl delete pod refused -n e2e-refused --now --wait=false
        fail "it was accepted: $answer"
    fi
    contains "$answer" "$@"
}

refuses_privileged() {
    refused '{"containers":[{"name":"c","image":"x","securityContext":{"privileged":true}}]}' \
        'invalid SecurityContext fields: Privileged' 'spec.containers[0].securityContext.privileged'
}
refuses_host_port() {
    refused '{"containers":[{"name":"c","image":"x","ports":[{"containerPort":80,"hostPort":80}]}]}' \
        'port contains HostIP or HostPort' 'spec.containers[0].ports[0].hostPort'
}
refuses_host_network() {
    refused '{"hostNetwork":true,"containers":[{"name":"c","image":"x"}]}' 'fields not supported: HostNetwork' 'spec.hostNetwork'
}
refuses_gpu() {
    refused '{"containers":[{"name":"c","image":"x","resources":{"limits":{"nvidia.com/gpu":"1"}}}]}' 'nvidia.com/gpu' 'spec.containers[0].resources'
}
refuses_host_path() {
    refused '{"containers":[{"name":"c","image":"x"}],"volumes":[{"name":"v","hostPath":{"path":"/"}}]}' \
        'volumes not supported: v is of an unsupported volume Type' 'spec.volumes[0]'
}
refuses_host_pid() {
    refused '{"hostPID":true,"containers":[{"name":"c","image":"x"}]}' 'fields not supported: HostPID' 'spec.hostPID'
}
refuses_host_ipc() {
    refused '{"hostIPC":true,"containers":[{"name":"c","image":"x"}]}' 'fields not supported: HostIPC' 'spec.hostIPC'
}

# ---- profiles ----

pod_without_profile_stays_with_the_default_scheduler() {
    namespace other
    kubectl run plain -n other --image="$registry/busybox:1" --privileged >/dev/null
    expect "scheduler" "$(field pod plain .spec.schedulerName -n other)" default-scheduler
    expect "profile" "$(field pod plain '.metadata.labels.eks\.amazonaws\.com/fargate-profile' -n other)" ""
    eventually 30 is Unschedulable kubectl get pod plain -n other -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].reason}'
    contains "$("$monopod" why plain -n other || true)" "no profile selects namespace other" "monopod profile create"
    kubectl delete namespace other --wait=false
}

pending_pod_starts_when_its_profile_appears() {
    namespace late
    sed "s|REGISTRY|$registry|g; s|NAME|early|g" "$manifests/sleeper.yaml" | kubectl apply -n late -f -
    expect "phase" "$(field pod early .status.phase -n late)" Pending
    "$monopod" profile create late --namespace late
    # As in EKS a pod's scheduler is fixed at creation, but Monopod picks up what only the missing profile held back.
    eventually 120 runs early late
    "$monopod" profile delete late
    eventually 60 is "" kubectl get pods -n late -o name
    kubectl delete namespace late --wait=false
}
