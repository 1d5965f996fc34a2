# Limits, out of memory, resizing, and what a kubelet tells of all that (F15). Functions only; see e2e/run.

resources_scenarios() {
    scenario limits_hold_in_the_guest "limits of container and pod are the guest's cgroups"
    scenario memory_that_ends_kills_the_container "a container without memory is OOMKilled, others of its pod run on"
    scenario pod_is_resized_in_place "a pod is resized in place, and not beyond its machine"
    scenario metrics_have_the_kubelets_names "F15: metrics have the kubelet's names, and count OOM kills"
}

limit_pods() {
    namespace e2e-limits
    kubectl get pod resized -n e2e-limits >/dev/null 2>&1 || apply e2e-limits limits.yaml
    eventually 240 runs resized e2e-limits
    eventually 240 runs whole e2e-limits
}

# group POD CONTAINER FILE: first line of a file of the container's cgroup.
group() { kubectl exec "$1" -c "$2" -n e2e-limits -- head -n 1 "/sys/fs/cgroup/$3"; }

limits_hold_in_the_guest() {
    limit_pods
    expect "capacity" "$(field pod whole .metadata.annotations.CapacityProvisioned -n e2e-limits)" "0.5vCPU 1GB"
    expect "memory.max" "$(group whole main memory.max)" $((400 << 20))
    expect "cpu.max" "$(group whole main cpu.max)" "50000 100000"
    expect "memory.max" "$(group resized inplace memory.max)" $((64 << 20))
    expect "cpu.max" "$(group resized inplace cpu.max)" "10000 100000"
    expect "memory.min" "$(group resized inplace memory.min)" $((32 << 20))
    expect "memory.oom.group" "$(group resized inplace memory.oom.group)" 1
    expect "allocated" "$(field pod resized '.status.containerStatuses[?(@.name=="inplace")].allocatedResources.memory' -n e2e-limits)" 32Mi
}

# ended POD: reason, exit code of its container eater.
ended() { field pod "$1" '.status.containerStatuses[?(@.name=="eater")].state.terminated.reason}{" "}{.status.containerStatuses[?(@.name=="eater")].state.terminated.exitCode' -n e2e-limits; }

memory_that_ends_kills_the_container() {
    limit_pods
    local pod
    for pod in bounded greedy; do
        eventually 120 is "OOMKilled 137" ended "$pod"
        expect "log" "$(kubectl logs "$pod" -c eater -n e2e-limits)" ""
        expect "the other" "$(kubectl exec "$pod" -c calm -n e2e-limits -- echo lives)" lives
    done
}

# resize CONTAINER RESOURCES
resize() {
    kubectl patch pod resized -n e2e-limits --subresource resize --type strategic \
        -p "{\"spec\":{\"containers\":[{\"name\":\"$1\",\"resources\":$2}]}}"
}

# resize_conditions: of those of a resize, what they say.
resize_conditions() {
    field pod resized '.status.conditions[?(@.type=="PodResizePending")].reason}{.status.conditions[?(@.type=="PodResizeInProgress")].status' -n e2e-limits
}

restarts() { field pod resized ".status.containerStatuses[?(@.name==\"$1\")].restartCount" -n e2e-limits; }

pod_is_resized_in_place() {
    limit_pods
    resize inplace '{"requests":{"cpu":"100m","memory":"48Mi"},"limits":{"cpu":"200m","memory":"96Mi"}}'
    eventually 60 is $((96 << 20)) group resized inplace memory.max
    eventually 30 is "20000 100000" group resized inplace cpu.max
    eventually 30 is 96Mi field pod resized '.status.containerStatuses[?(@.name=="inplace")].resources.limits.memory' -n e2e-limits
    eventually 30 is "" resize_conditions
    expect "allocated" "$(field pod resized '.status.containerStatuses[?(@.name=="inplace")].allocatedResources.memory' -n e2e-limits)" 48Mi
    expect "restarts" "$(restarts inplace)" 0

    resize anew '{"requests":{"memory":"40Mi"},"limits":{"memory":"80Mi"}}'
    eventually 60 is 1 restarts anew
    eventually 60 is $((80 << 20)) group resized anew memory.max
    eventually 30 is "" resize_conditions
    expect "restarts" "$(restarts inplace)" 0

    # An API server that knows what kubelets declare asks the Node itself; an older one leaves it to the agent (PodResizeTest).
    local answer
    answer=$(resize inplace '{"requests":{"cpu":"2"},"limits":{"cpu":"2"}}' 2>&1 || true)
    contains "$answer" "allocatable: 250"
    expect "cpu.max" "$(group resized inplace cpu.max)" "20000 100000"
}

# kubelet POD PATH: what the kubelet of the pod's node answers to somebody with a token, as Prometheus asks.
kubelet() {
    curl -sS --fail --max-time 30 --insecure -H "Authorization: Bearer $(kubectl create token scraper -n e2e-limits)" \
        "https://$(field pod "$1" .status.podIP -n e2e-limits):10250/$2"
}

metrics_have_the_kubelets_names() {
    limit_pods
    local text name
    kubectl create serviceaccount scraper -n e2e-limits
    kubectl create clusterrole e2e-scraper --verb=get --resource=nodes/metrics,nodes/stats
    kubectl create clusterrolebinding e2e-scraper --clusterrole=e2e-scraper --serviceaccount=e2e-limits:scraper
    text=$(kubelet resized metrics/resource)
    for name in container_cpu_usage_seconds_total container_memory_working_set_bytes container_start_time_seconds container_swap_usage_bytes \
        pod_cpu_usage_seconds_total pod_memory_working_set_bytes node_cpu_usage_seconds_total node_memory_working_set_bytes; do
        contains "$text" "# TYPE $name "
    done
    contains "$text" "resource_scrape_error 0.0"
    text=$(kubelet resized metrics/cadvisor)
    for name in container_cpu_cfs_periods_total container_cpu_cfs_throttled_seconds_total container_memory_rss container_memory_cache \
        container_network_receive_bytes_total container_fs_usage_bytes container_processes container_spec_memory_limit_bytes \
        container_pressure_cpu_waiting_seconds_total machine_cpu_cores machine_memory_bytes; do
        contains "$text" "# TYPE $name "
    done
    contains "$(kubelet greedy metrics/cadvisor | grep '^container_oom_events_total{container="eater"')" " 1.0 "
    contains "$(kubelet resized metrics)" kubelet_running_pods kubelet_node_name
    contains "$(kubelet resized stats/summary)" '"psi"' '"workingSetBytes"' '"ephemeral-storage"' '"rootfs"'
    kubectl delete clusterrole,clusterrolebinding e2e-scraper
    kubectl delete namespace e2e-limits --wait=false
}
