# What containers may do, what they are refused, and what they reach. A topic of ../run.

security_scenarios() {
    scenario security_refuses_by_name "refuses capabilities, ids that a user namespace does not have, and Windows options by name"
    scenario security_rejects_as_a_kubelet "unsafe sysctls and AppArmor fail a pod as a kubelet does"
    scenario security_tells_what_is_not_as_asked "runAsNonRoot and Localhost filters: what is wrong is told, and mended"
    scenario security_restricted_pods_run "a pod of Pod Security level restricted runs, with what it asked for"
    scenario security_baseline_pods_run "a pod of Pod Security level baseline runs, and has the limits of F12 everywhere"
    scenario security_users_are_the_pods_own "hostUsers: false: all containers of the pod share one user namespace, whose root is not the machine's"
    scenario security_nothing_else_is_reached "F17, F20: root in a container reaches nothing of the host, of AWS or of others"
    scenario security_machines_are_jailed "F17: what runs the machines has no rights and no files of others"
}

# pod NAMESPACE NAME SPEC: creates it from the JSON of its specification.
pod() {
    namespace "$1"
    printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"%s"},"spec":%s}' "$2" "$1" "$3" | kubectl apply -f -
}

security_sleep='"command":["sh","-c","trap \"exit 0\" TERM; while :; do sleep 3600 & wait $!; done"]'

# ---- refusals ----

security_refuses_by_name() {
    local of='"name":"c","image":"x","securityContext"'
    refused "{\"containers\":[{$of:{\"capabilities\":{\"add\":[\"NET_RAW\",\"SYS_ADMIN\",\"NET_ADMIN\"]}}}]}" \
        'invalid SecurityContext fields: Capabilities added: SYS_ADMIN,NET_ADMIN' 'spec.containers[0].securityContext.capabilities.add'
    refused "{\"containers\":[{$of:{\"capabilities\":{\"add\":[\"ALL\"]}}}]}" 'Capabilities added: ALL'
    refused "{\"containers\":[{$of:{\"allowPrivilegeEscalation\":true}}]}" \
        'invalid SecurityContext fields: AllowPrivilegeEscalation' 'spec.containers[0].securityContext.allowPrivilegeEscalation'
    refused "{\"hostUsers\":false,\"securityContext\":{\"fsGroup\":65536},\"containers\":[{$of:{\"runAsUser\":70000}}]}" \
        'fsGroup 65536 above 65535' 'runAsUser 70000 above 65535' 'spec.securityContext.fsGroup' 'spec.containers[0].securityContext.runAsUser'
    refused "{\"hostUsers\":false,\"containers\":[{$of:{\"procMount\":\"Unmasked\"}}]}" 'ProcMount' 'spec.containers[0].securityContext.procMount'
    refused "{\"containers\":[{$of:{\"windowsOptions\":{\"runAsUserName\":\"x\"}}}]}" \
        'invalid SecurityContext fields: WindowsOptions' 'spec.containers[0].securityContext.windowsOptions'
    refused "{\"containers\":[{$of:{\"procMount\":\"Unmasked\"}}]}" 'ProcMount' 'spec.containers[0].securityContext.procMount'
}

security_rejects_as_a_kubelet() {
    pod e2e-reject sysctl '{"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"65536"}]},"containers":[{"name":"c","image":"x"}]}'
    pod e2e-reject apparmor '{"containers":[{"name":"c","image":"x","securityContext":{"appArmorProfile":{"type":"RuntimeDefault"}}}]}'
    local name
    for name in sysctl apparmor; do
        eventually 60 is Failed kubectl get pod $name -n e2e-reject -o 'jsonpath={.status.phase}'
    done
    expect "sysctl" "$(field pod sysctl '.status.reason}: {.status.message' -n e2e-reject)" \
        'SysctlForbidden: Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'
    expect "apparmor" "$(field pod apparmor '.status.reason}: {.status.message' -n e2e-reject)" \
        'AppArmor: Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host'
    contains "$(kubectl get events -n e2e-reject -o 'jsonpath={range .items[*]}{.type} {.reason} {.message}{"\n"}{end}')" \
        'Warning SysctlForbidden forbidden sysctl' 'Warning AppArmor Cannot enforce AppArmor'
    kubectl delete namespace e2e-reject --wait=false
}

# ---- what containers are told and given ----

waiting() { kubectl get pod "$1" -n "$2" -o "jsonpath={.status.containerStatuses[?(@.name==\"$3\")].state.waiting.reason}"; }

security_tells_what_is_not_as_asked() {
    local text
    pod e2e-told told '{"terminationGracePeriodSeconds":1,"containers":[
        {"name":"root","image":"'"$registry"'/busybox:1","securityContext":{"runAsNonRoot":true},'"$security_sleep"'},
        {"name":"filtered","image":"'"$registry"'/busybox:1","securityContext":{"seccompProfile":{"type":"Localhost","localhostProfile":"e2e/no-mkdir.json"}},'"$security_sleep"'}]}'
    eventually 120 is CreateContainerConfigError waiting told e2e-told root
    eventually 60 is CreateContainerError waiting told e2e-told filtered
    text=$(field pod told '.status.containerStatuses[*].state.waiting.message' -n e2e-told)
    contains "$text" 'container has runAsNonRoot and image will run as root (pod: "told_e2e-told(' ', container: root)' \
        "cannot load seccomp profile \"$MONOPOD_DATA/seccomp/e2e/no-mkdir.json\": open $MONOPOD_DATA/seccomp/e2e/no-mkdir.json: no such file or directory"
    mkdir -p "$MONOPOD_DATA/seccomp/e2e"
    echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}' \
        >"$MONOPOD_DATA/seccomp/e2e/no-mkdir.json"
    eventually 60 kubectl exec told -n e2e-told -c filtered -- true
    contains "$(kubectl exec told -n e2e-told -c filtered -- sh -c 'mkdir /tmp/d 2>&1; grep Seccomp: /proc/self/status')" 'not supported' 'Seccomp:	2'
    kubectl delete namespace e2e-told --wait=false
}

security_restricted_pods_run() {
    namespace e2e-restricted
    kubectl label namespace e2e-restricted pod-security.kubernetes.io/enforce=restricted --overwrite
    local answer text asked='"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"],"add":["NET_BIND_SERVICE"]}'
    answer=$(kubectl run lax -n e2e-restricted --image=x 2>&1) && fail "it was accepted: $answer"
    contains "$answer" 'violates PodSecurity "restricted:latest"' 'runAsNonRoot != true' 'seccompProfile'
    pod e2e-restricted strict '{"terminationGracePeriodSeconds":1,"shareProcessNamespace":true,
        "securityContext":{"runAsNonRoot":true,"runAsUser":1000,"runAsGroup":3000,"fsGroup":2000,"supplementalGroups":[4000],"supplementalGroupsPolicy":"Strict",
            "seccompProfile":{"type":"RuntimeDefault"},"sysctls":[{"name":"net.ipv4.tcp_syncookies","value":"0"},{"name":"net.ipv4.ip_local_port_range","value":"40000 50000"}]},
        "containers":[{"name":"a","image":"'"$registry"'/busybox:1","securityContext":{'"$asked"'},'"$security_sleep"'},
            {"name":"b","image":"'"$registry"'/busybox:1","securityContext":{'"$asked"'},"command":["sleep","7777"]}]}'
    eventually 120 runs strict e2e-restricted
    text=$(kubectl exec strict -n e2e-restricted -c a -- sh -c 'id; grep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status; touch /x 2>&1
        cat /proc/sys/net/ipv4/tcp_syncookies /proc/sys/net/ipv4/ip_local_port_range; ps -o pid,args; echo over > /dev/shm/shared; kill $(pidof sleep | tr " " "\n" | tail -n 1) && echo signalled')
    contains "$text" 'uid=1000 gid=3000' 'groups=2000,3000,4000' 'CapEff:	0000000000000000' 'NoNewPrivs:	1' 'Seccomp:	2' 'Read-only file system' \
        $'\n0\n40000\t50000\n' '1 /pause' 'sleep 7777' signalled
    expect "shared memory" "$(kubectl exec strict -n e2e-restricted -c a -- cat /dev/shm/shared)" over
    kubectl delete namespace e2e-restricted --wait=false
}

security_baseline_pods_run() {
    namespace e2e-security
    kubectl label namespace e2e-security pod-security.kubernetes.io/enforce=baseline --overwrite
    # AllowPrivilegeEscalation and the default capabilities are within baseline; so is a container that runs as root.
    pod e2e-security probe '{"terminationGracePeriodSeconds":1,"initContainers":[{"name":"first","image":"'"$registry"'/busybox:1",
            "command":["sh","-c","cat /proc/self/limits"],"securityContext":{"runAsUser":1000}}],
        "containers":[{"name":"main","image":"'"$registry"'/busybox:1",'"$security_sleep"'}]}'
    eventually 120 runs probe e2e-security
    local limits
    for limits in "$(kubectl logs probe -n e2e-security -c first)" "$(inside probe e2e-security 'cat /proc/self/limits')"; do
        contains "$(tr -s ' ' <<<"$limits")" "Max open files 1024 65535" "Max processes 1024 65535"
    done
    contains "$(inside probe e2e-security 'grep -E "CapEff|Seccomp:" /proc/self/status; df -k /dev/shm')" 'CapEff:	00000000a80425fb' 'Seccomp:	0' 65536
    kubectl label namespace e2e-security pod-security.kubernetes.io/enforce-
}

# ---- user namespaces ----

security_map="tr -s ' ' < /proc/self/uid_map; tr -s ' ' < /proc/self/gid_map; readlink /proc/self/ns/user"

security_users_are_the_pods_own() {
    local container image='"image":"'"$registry"'/busybox:1"' mine text wrong
    namespace e2e-users
    kubectl create secret generic word -n e2e-users --from-literal=word=secret
    pod e2e-users plain '{"terminationGracePeriodSeconds":1,"containers":[{"name":"c",'"$image,$security_sleep"'}]}'
    pod e2e-users own '{"terminationGracePeriodSeconds":1,"hostUsers":false,"securityContext":{"fsGroup":2000},
        "volumes":[{"name":"secret","secret":{"secretName":"word","defaultMode":256}},{"name":"shared","emptyDir":{}}],
        "initContainers":[{"name":"first",'"$image"',"command":["sh","-c","'"$security_map"'"]},
            {"name":"side","restartPolicy":"Always",'"$image,$security_sleep"'}],
        "containers":[
            {"name":"root",'"$image,$security_sleep"',"volumeMounts":[{"name":"secret","mountPath":"/secret"},{"name":"shared","mountPath":"/shared"}],
                "lifecycle":{"postStart":{"exec":{"command":["sh","-c","readlink /proc/self/ns/user > /shared/hook"]}}},
                "readinessProbe":{"exec":{"command":["sh","-c","readlink /proc/self/ns/user > /shared/probe"]},"periodSeconds":1}},
            {"name":"user",'"$image"',"command":["sh","-c","echo page > /shared/index.html; exec httpd -f -p 80 -h /shared"],"securityContext":{"runAsUser":1000},
                "volumeMounts":[{"name":"secret","mountPath":"/secret"},{"name":"shared","mountPath":"/shared"}],
                "readinessProbe":{"httpGet":{"port":80},"periodSeconds":1}}]}'
    eventually 120 runs own e2e-users
    mine=$(kubectl logs own -n e2e-users -c first)
    contains "$mine" $' 0 0 65536\n 0 0 65536\nuser:['
    for container in side root user; do
        expect "the users of $container" "$(kubectl exec own -n e2e-users -c $container -- sh -c "$security_map")" "$mine"
    done
    kubectl debug own -n e2e-users --profile=general --image="$registry/busybox:1" --container=look --attach=false -- sh -c "$security_map; sleep 600"
    eventually 60 is "$mine" kubectl logs own -n e2e-users -c look
    text=$(kubectl exec own -n e2e-users -c root -- sh -c 'cat /shared/hook /shared/probe; id -u; cat /secret/word; wget -qO- http://127.0.0.1/;
        touch /shared/f && chown 1000 /shared/f && stat -c "%u %g" /shared/f; chown 65536 /shared/f 2>&1; mknod /shared/d b 254 0 2>&1; (echo 1 > /proc/sys/kernel/panic) 2>&1; true')
    expect "the users of hook and probe" "$(head -n 2 <<<"$text")" "$(tail -n 1 <<<"$mine")"$'\n'"$(tail -n 1 <<<"$mine")"
    contains "$text" $'\n0\nsecretpage\n' '1000 2000' 'Invalid argument' 'mknod: /shared/d: Operation not permitted' 'Read-only file system'
    text=$(kubectl exec own -n e2e-users -c user -- sh -c 'id -u; id -G; cat /secret/word; echo; ls -ln /secret/..data/word')
    contains "$text" $'1000\n0 2000\nsecret\n-r--r----- '
    wrong=$(kubectl exec own -n e2e-users -c root -- sh -c "$(security_commands_script "$security_commands")")
    [[ -z $wrong ]] || fail "$wrong"

    eventually 120 runs plain e2e-users
    expect "the users of another pod" "$(inside plain e2e-users "$security_map")" $' 0 0 4294967295\n 0 0 4294967295\nuser:[4026531837]'
    [[ $mine != *4026531837* ]] || fail "the pod has the machine's users"
    kubectl delete namespace e2e-users --wait=false
}

# ---- what is reached ----
#
# Each row of the tables is tried from inside a pod, as root. To add one, add a line.

# WHAT | ADDRESS | PORT | answers or dead. HOST stands for each address of the host, OTHER for another pod's, OWN for the pod's own gateway.
security_addresses='
    the API server by its Service        | 10.100.0.1       | 443   | answers
    DNS by its Service                   | 10.100.0.10      | 53    | answers
    another pod by its address           | OTHER            | 8000  | answers
    IMDS                                 | 169.254.169.254  | 80    | dead
    IMDS over IPv6                       | fd00:ec2::254    | 80    | dead
    credentials of ECS tasks             | 169.254.170.2    | 80    | dead
    credentials of EKS Pod Identity      | 169.254.170.23   | 80    | answers
    another port of that address         | 169.254.170.23   | 2703  | dead
    the address beside it                | 169.254.170.24   | 80    | dead
    where the host asks for credentials  | HOST             | 9445  | dead
    the kubelet API of another pod       | OTHER            | 10250 | answers
    the kubelet API of the host          | HOST             | 10250 | dead
    etcd                                 | HOST             | 2379  | dead
    the controller manager               | HOST             | 10257 | dead
    the scheduler                        | HOST             | 10259 | dead
    kube-proxy                           | HOST             | 10256 | dead
    the webhooks                         | HOST             | 9443  | dead
    the registry                         | HOST             | 5055  | dead
    ssh                                  | HOST             | 22    | dead
    any other program of the host        | HOST             | 18998 | dead
'

# WHAT | SHELL COMMAND that must fail.
security_commands='
    own disks as devices                 | ls /dev/vd* /dev/vport*
    own scratch disk by a node           | mknod /tmp/a b 254 0; head -c 1 /tmp/a
    the channel by a node                | mknod /tmp/b c 10 242; head -c 1 /tmp/b
    the machine'"'"'s memory                 | mknod /tmp/c c 1 1; head -c 1 /tmp/c
    sockets to the hypervisor            | ls /dev/vsock
    kernel modules                       | echo > /m.ko; insmod /m.ko
    mounts                               | mkdir -p /tmp/m; mount -t proc none /tmp/m
    system requests                      | echo b > /proc/sysrq-trigger
    kernel parameters                    | echo 1 > /proc/sys/kernel/panic
    the guest'"'"'s own files                | ls /scratch || ls /run/monopod
    the cgroups                          | echo 1 > /sys/fs/cgroup/cgroup.procs
    another address                      | ip address add 192.168.96.250/32 dev eth0
    the clock                            | date -s 2001-01-01; [ $(date +%Y) = 2001 ]
'

# The host's addresses but for loopback's.
security_host_addresses() {
    ip -4 -o addr show scope global | awk '{ sub("/.*", "", $4); print $4 }'
    kubectl get hosts -o 'jsonpath={range .items[*]}{.status.address}{"\n"}{end}' 2>/dev/null | grep . || true
    ip netns exec "$(ip netns list | awk '/^mp-|monopod/ { print $1; exit }')" ip -4 -o addr show 2>/dev/null |
        awk '{ sub("/.*", "", $4); if ($4 !~ /^127/) print $4 }' || true
}

# Listens on the host where nothing may come from, until the scenario ends: without it that row would prove nothing. Sets `hosts`.
security_listen() {
    local address reached=''
    busybox nc -ll -p 18998 -e /bin/true &
    trap 'kill '$! EXIT
    hosts=$(security_host_addresses | sort -u)
    [[ -n $hosts ]] || fail "no address of the host is known"
    for address in $hosts; do
        if timeout 3 busybox nc -w 2 "$address" 18998 -e /bin/true; then reached=$address; fi
    done
    [[ -n $reached ]] || fail "the host does not reach its own program"
}

# security_addresses_script OTHER: tries each row, and prints those that are not as expected.
security_addresses_script() {
    local what address port want
    echo 'try() {
        if nc -w 5 "$2" "$3" -e /bin/true >/dev/null 2>&1; then got=answers; else got=dead; fi
        [ "$got" = "$4" ] || echo "$1 ($2:$3): $got, expected $4"
    }'
    while IFS='|' read -r what address port want; do
        what=$(xargs <<<"$what") address=$(xargs <<<"$address") port=$(xargs <<<"$port") want=$(xargs <<<"$want")
        [[ -n $what ]] || continue
        for address in ${address/HOST/$hosts}; do
            echo "try '$what' '${address/OTHER/$1}' $port $want &"
        done
    done <<<"$security_addresses"
    echo wait
}

# security_commands_script COMMANDS: tries each row, and prints what did not fail.
security_commands_script() {
    local what command
    while IFS='|' read -r what command; do
        what=${what#"${what%%[![:space:]]*}"}
        [[ -n $what ]] || continue
        echo "if (${command}) >/dev/null 2>&1; then echo \"${what%%  *}: reached\"; fi"
    done <<<"$1"
}

security_nothing_else_is_reached() {
    namespace e2e-security
    [[ -n $(kubectl get pod probe -n e2e-security --ignore-not-found -o name) ]] || sleeper probe e2e-security
    sleeper other e2e-security
    kubectl exec other -n e2e-security -- sh -c 'mkdir -p /tmp/web && httpd -p 8000 -h /tmp/web'
    local hosts wrong
    security_listen
    wrong=$(inside probe e2e-security "$(security_addresses_script "$(field pod other .status.podIP -n e2e-security)")")
    [[ -z $wrong ]] || fail "$wrong"
    wrong=$(inside probe e2e-security "$(security_commands_script "$security_commands")")
    [[ -z $wrong ]] || fail "$wrong"
}

security_machines_are_jailed() {
    namespace e2e-security
    sleeper other e2e-security
    local pid status slot uid
    pid=$(machine other e2e-security)
    status=$(cat "/proc/$pid/status")
    contains "$status" 'CapEff:	0000000000000000' 'CapBnd:	0000000000000000' 'NoNewPrivs:	1' 'Seccomp:	2'
    [[ $(awk '/^Uid:/ { print $2 }' <<<"$status") != 0 ]] || fail "QEMU runs as root"
    # Of files in a folder of machines it holds its own only, by the name that it began with or by the one that it has.
    uid=$(field pod other .metadata.uid -n e2e-security)
    slot=$(cat "$MONOPOD_DATA/machines/m-$uid/begun-as")
    contains "$(find "/proc/$pid/fd" -type l -printf '%l\n')" "$MONOPOD_DATA/machines/$slot/"
    if find "/proc/$pid/fd" -type l -printf '%l\n' | grep "^$MONOPOD_DATA/machines/" | grep -vE "/machines/($slot|m-$uid)/"; then fail "it holds files of others"; fi
    kubectl delete namespace e2e-security --wait=false
}
