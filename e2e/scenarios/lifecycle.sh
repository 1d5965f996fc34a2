# The life of a pod's containers, as far as upstream's tests do not show it.

# lifecycle_pods: makes the pods of these scenarios, all at once; the first scenario that runs waits for it.
lifecycle_pods() {
    if kubectl get namespace e2e-lifecycle >/dev/null 2>&1; then return; fi
    namespace e2e-lifecycle
    local folder
    folder=$(mktemp -d)
    (
        source "$root/examples/images/lib"
        mkdir -p "$folder/root/bin"
        cp "$(command -v busybox)" "$folder/root/bin/busybox"
        ln -s busybox "$folder/root/bin/sh"
        archive "$folder/signal.tar" monopod.dev/e2e/signal:1 "$folder/root" '{"Env":["PATH=/bin"],"StopSignal":"SIGRTMIN+3"}'
    )
    skopeo copy --quiet --dest-tls-verify=false "docker-archive:$folder/signal.tar" "docker://$registry/signal:1"
    rm -rf "$folder"
    apply e2e-lifecycle lifecycle.yaml
}

# lifecycle_field POD JSONPATH
lifecycle_field() { field pod "$1" "$2" -n e2e-lifecycle; }

lifecycle_phase() { is "$2" lifecycle_field "$1" .status.phase; }

# lifecycle_events POD REASON: their messages.
lifecycle_events() {
    kubectl get events -n e2e-lifecycle --field-selector "involvedObject.name=$1,reason=$2" -o 'jsonpath={range .items[*]}{.message}{"\n"}{end}'
}

lifecycle_has_event() { [[ -n $(lifecycle_events "$@") ]]; }

# lifecycle_gone POD: how many seconds its deletion takes from now on.
lifecycle_gone() {
    local begun=$SECONDS
    kubectl wait --for=delete "pod/$1" -n e2e-lifecycle --timeout=120s >&2
    echo $((SECONDS - begun))
}

sidecars_start_and_end_in_order() {
    lifecycle_pods
    eventually 180 lifecycle_phase order Succeeded
    expect "order" "$(kubectl logs order -n e2e-lifecycle -c one | tr '\n' ' ')" "one-starts one-ready two-starts app-starts app-ends one-hooks two-ends "
    expect "exit code of a sidecar that does not count" "$(lifecycle_field order '.status.initContainerStatuses[1].state.terminated.exitCode')" 3
}

restart_rules_go_by_exit_code() {
    lifecycle_pods
    eventually 180 lifecycle_phase rules Failed
    expect "restarts" "$(lifecycle_field rules '.status.containerStatuses[0].restartCount')" 1
    expect "exit code" "$(lifecycle_field rules '.status.containerStatuses[0].state.terminated.exitCode')" 5
    expect "exit code before" "$(lifecycle_field rules '.status.containerStatuses[0].lastState.terminated.exitCode')" 42
}

one_exit_code_restarts_all_containers() {
    lifecycle_pods
    eventually 180 lifecycle_phase anew Succeeded
    expect "runs of the init container" "$(kubectl logs anew -n e2e-lifecycle -c init)" "run 2"
    expect "restarts" "$(lifecycle_field anew '.status.initContainerStatuses[*].restartCount} {.status.containerStatuses[*].restartCount')" "1 1 1"
    expect "reason" "$(lifecycle_field anew '.status.containerStatuses[0].lastState.terminated.reason')" RestartingAllContainers
}

stop_signal_of_the_image_is_sent() {
    lifecycle_pods
    eventually 180 is 7 lifecycle_field signal '.status.containerStatuses[0].lastState.terminated.exitCode'
    contains "$(lifecycle_events signal Killing)" "Container app failed liveness probe, will be restarted"
    contains "$(lifecycle_events signal Unhealthy)" "Liveness probe failed: dead"
}

next_container_waits_for_the_hook() {
    lifecycle_pods
    eventually 180 runs hooked e2e-lifecycle
    expect "order" "$(inside hooked e2e-lifecycle 'cat /s/order' | tr '\n' ' ')" "first hook second "
}

status_has_what_a_kubelet_writes() {
    lifecycle_pods
    eventually 180 runs hooked e2e-lifecycle
    expect "observedGeneration" "$(lifecycle_field hooked '.status.observedGeneration')" "$(lifecycle_field hooked '.metadata.generation')"
    expect "user" "$(lifecycle_field hooked '.status.containerStatuses[0].user.linux')" '{"gid":3000,"supplementalGroups":[3000,4000],"uid":1000}'
    contains "$(lifecycle_field hooked '.status.containerStatuses[0].volumeMounts')" '{"mountPath":"/s","name":"s"}' '"readOnly":true,"recursiveReadOnly":"Disabled"'
    expect "allocated" "$(lifecycle_field hooked '.status.containerStatuses[0].allocatedResources.cpu')" 100m
    expect "conditions" "$(lifecycle_field hooked '.status.conditions[?(@.status=="True")].type' | tr ' ' '\n' | sort | tr '\n' ' ')" \
        "ContainersReady Initialized PodReadyToStartContainers PodScheduled Ready "
}

image_changes_in_place() {
    lifecycle_pods
    eventually 180 runs hooked e2e-lifecycle
    local boot
    boot=$(inside hooked e2e-lifecycle 'cat /proc/sys/kernel/random/boot_id')
    kubectl set image -n e2e-lifecycle pod/hooked b="$registry/web:1"
    eventually 120 is 1 lifecycle_field hooked '.status.containerStatuses[?(@.name=="b")].restartCount'
    eventually 60 runs hooked e2e-lifecycle
    contains "$(lifecycle_field hooked '.status.containerStatuses[?(@.name=="b")].image')" "web:1"
    contains "$(lifecycle_events hooked Killing)" "Container b definition changed, will be restarted"
    expect "machine" "$(inside hooked e2e-lifecycle 'cat /proc/sys/kernel/random/boot_id')" "$boot"
}

pre_stop_sleeps_and_is_shortened() {
    lifecycle_pods
    eventually 180 runs naps e2e-lifecycle
    eventually 180 runs sleeps e2e-lifecycle
    kubectl delete pod naps sleeps -n e2e-lifecycle --wait=false
    local took
    took=$(lifecycle_gone naps)
    ((took >= 5 && took < 30)) || fail "a preStop sleep of 6 s: gone after $took s"
    kubectl get pod sleeps -n e2e-lifecycle >/dev/null || fail "a preStop sleep of 90 s did not last $took s"
    kubectl delete pod sleeps -n e2e-lifecycle --grace-period=2 --wait=false
    took=$(lifecycle_gone sleeps)
    ((took < 30)) || fail "a preStop sleep of 90 s shortened to 2 s: gone after $took s"
}

hook_ends_with_the_grace() {
    lifecycle_pods
    eventually 180 runs hangs e2e-lifecycle
    kubectl delete pod hangs -n e2e-lifecycle --wait=false
    local took
    took=$(lifecycle_gone hangs)
    ((took >= 3 && took < 40)) || fail "a hook that hangs, grace 4 s: gone after $took s"
    contains "$(lifecycle_events hangs FailedPreStopHook)" "PreStopHook failed"
}

back_off_outlives_the_agent() {
    lifecycle_pods
    lifecycle_backs_off() { [[ $(lifecycle_field crashes '.status.containerStatuses[0].state.waiting.message') == "back-off 20s restarting failed container=app pod=crashes_e2e-lifecycle("* ]]; }
    eventually 180 lifecycle_backs_off
    local restarts ended started
    restarts=$(lifecycle_field crashes '.status.containerStatuses[0].restartCount')
    ended=$(lifecycle_field crashes '.status.containerStatuses[0].lastState.terminated.finishedAt')
    kill -9 "$(process agent)"
    lifecycle_again() { (($(lifecycle_field crashes '.status.containerStatuses[0].restartCount') > restarts)); }
    eventually 120 lifecycle_again
    started=$(lifecycle_field crashes '.status.containerStatuses[0].lastState.terminated.startedAt')
    (($(date -d "$started" +%s) - $(date -d "$ended" +%s) >= 19)) || fail "ended $ended, started again $started: the back-off of 20 s was forgotten"
    expect "restarts" "$(lifecycle_field crashes '.status.containerStatuses[0].restartCount')" $((restarts + 1))
    lifecycle_has_event crashes BackOff || fail "no event BackOff"
}

equal_events_are_counted() {
    lifecycle_pods
    sed "s|REGISTRY|$registry|g" <<'YAML' | kubectl apply -n e2e-lifecycle -f -
apiVersion: v1
kind: Pod
metadata: {name: failing}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: REGISTRY/busybox:1
      command: [sleep, "100000"]
      readinessProbe: {exec: {command: [test, -e, /none]}, periodSeconds: 1}
YAML
    failures() { kubectl get events -n e2e-lifecycle --field-selector involvedObject.name=failing,reason=Unhealthy -o 'jsonpath={.items[*].count}'; }
    # As a kubelet: a burst of 25 an object, of which the start took some.
    counted() { local counts; counts=$(failures) && [[ $counts =~ ^[0-9]+$ ]] && ((counts >= 12)); }
    eventually 120 counted
    kubectl delete pod failing -n e2e-lifecycle --wait=false
}

lifecycle_scenarios() {
    scenario sidecars_start_and_end_in_order "sidecars start in order, run their hooks at once and end in reverse"
    scenario restart_rules_go_by_exit_code "restart rules go by exit code"
    scenario one_exit_code_restarts_all_containers "an exit code restarts all containers of its pod"
    scenario stop_signal_of_the_image_is_sent "the image's stop signal is sent, also a real-time one"
    scenario next_container_waits_for_the_hook "the next container waits for the postStart hook"
    scenario status_has_what_a_kubelet_writes "the status of a pod has what a kubelet 1.36 writes"
    scenario back_off_outlives_the_agent "a back-off outlives the agent"
    scenario image_changes_in_place "a changed image restarts its container in place"
    scenario pre_stop_sleeps_and_is_shortened "a preStop sleep lasts, and a second deletion shortens it"
    scenario hook_ends_with_the_grace "a hook that hangs ends with the grace"
    scenario equal_events_are_counted "a probe that fails for long is one event, counted"
    kubectl delete namespace e2e-lifecycle --wait=false >/dev/null 2>&1 || true
}
