# What people met in the field, and public reports of other runtimes tell. Sourced by ../run.

field_scenarios() {
    scenario volumes_lie_below_volumes "volumes lie below volumes that only the kubelet writes, at any depth and in any order"
    scenario read_only_roots_keep_what_images_write "with a read-only root an image's volumes are writable, and its missing working directory is made"
    scenario memory_is_promised_as_on_a_node "the kernel has a node's settings: 4 GiB of untouched memory in 2 GiB"
    scenario refuses_in_the_words_of_the_field "claims of devices, sizes, zones and ports are refused or warned of, naming field and remedy"
    scenario refuses_huge_pages "claims of huge pages are refused, naming field and resource"
    scenario debug_profiles "kubectl debug: profiles that ask for no right, or for that of a debugger, are served, the others refused in clear words"
    scenario pods_deleted_while_pulling "a pod that is deleted while its image is pulled leaves nothing"
    scenario hundred_layers "an image of a hundred layers runs, pulled and loaded"
    scenario slow_starts_evict_nobody "a pod that waits for its image is not evicted, whatever it tolerates"
}

# field_ended POD PHASE
field_ended() { is "$2" kubectl get pod "$1" -n e2e-field -o 'jsonpath={.status.phase}'; }
field_log() { kubectl logs "$1" -n e2e-field -c "${2:-main}"; }

volumes_lie_below_volumes() {
    namespace e2e-field
    kubectl create configmap cm -n e2e-field --from-literal=a=1 --from-literal=b=2
    kubectl create secret generic sec -n e2e-field --from-literal=key=sessam
    kubectl apply -n e2e-field -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: nested, labels: {app: nested}}
spec:
  terminationGracePeriodSeconds: 1
  restartPolicy: Never
  containers:
  - name: secret-in-cm
    image: $registry/busybox:1
    command: [sh, -c, "cat /cfg/sub/key /cfg/a && ! touch /cfg/no && ! touch /cfg/sub/no"]
    volumeMounts: [{name: sec, mountPath: /cfg/sub}, {name: cfg, mountPath: /cfg}]
  - name: empty-in-cm
    image: $registry/busybox:1
    command: [sh, -c, "echo x > /cfg/ed/w; cat /cfg/ed/w /cfg/a"]
    volumeMounts: [{name: cfg, mountPath: /cfg}, {name: ed, mountPath: /cfg/ed}]
  - name: file-by-sub-path
    image: $registry/busybox:1
    command: [sh, -c, "cat /cfg/b /cfg/new /cfg/deep/er/new"]
    volumeMounts: [{name: cfg, mountPath: /cfg/b, subPath: a}, {name: cfg, mountPath: /cfg/new, subPath: a}, {name: cfg, mountPath: /cfg/deep/er/new, subPath: b}, {name: cfg, mountPath: /cfg}]
  - name: below-the-token
    image: $registry/busybox:1
    command: [sh, -c, "cat /var/run/secrets/kubernetes.io/serviceaccount/namespace /var/run/secrets/kubernetes.io/serviceaccount/extra/a"]
    volumeMounts: [{name: cfg, mountPath: /var/run/secrets/kubernetes.io/serviceaccount/extra}]
  - name: four-deep
    image: $registry/busybox:1
    command: [sh, -c, "cat /l/labels /l/a/a/key /l/a/ed/1/2/a"]
    volumeMounts: [{name: cfg, mountPath: /l/a/ed/1/2}, {name: ed, mountPath: /l/a/ed}, {name: sec, mountPath: /l/a/a}, {name: all, mountPath: /l/a}, {name: labels, mountPath: /l}]
  volumes:
  - {name: cfg, configMap: {name: cm}}
  - {name: sec, secret: {secretName: sec, defaultMode: 0400}}
  - {name: ed, emptyDir: {}}
  - {name: labels, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: "metadata.labels['app']"}}]}}
  - {name: all, projected: {sources: [{configMap: {name: cm, items: [{key: b, path: b}]}}]}}
YAML
    eventually 120 field_ended nested Succeeded
    expect "a Secret below a ConfigMap" "$(field_log nested secret-in-cm | grep -v 'Read-only')" "sessam1"
    expect "an emptyDir below a ConfigMap" "$(field_log nested empty-in-cm)" $'x\n1'
    expect "files by subPath" "$(field_log nested file-by-sub-path)" "112"
    expect "below the token" "$(field_log nested below-the-token)" "e2e-field1"
    expect "four deep" "$(field_log nested four-deep)" "nestedsessam1"
    kubectl delete pod nested -n e2e-field --wait=false
}

# field_image NAME CONFIGURATION: busybox with that configuration and a file in /data, as monopod.dev/test/NAME:1.
field_image() {
    local folder=$logs/field.$1
    rm -rf "$folder"
    mkdir -p "$folder"
    tar -xOf "$dist/images/busybox.tar" layer.tar | tar -xf - -C "$folder"
    mkdir -p "$folder/data"
    echo given >"$folder/data/of-image"
    (source "$root/examples/images/lib" && archive "$logs/$1.tar" "monopod.dev/test/$1:1" "$folder" "$2")
    rm -rf "$folder"
    "$monopod" image load "$logs/$1.tar"
}

read_only_roots_keep_what_images_write() {
    namespace e2e-field
    field_image volumes '{"Env":["PATH=/bin"],"Cmd":["sh"],"Volumes":{"/data":{},"/made/here":{},"/over":{}},"WorkingDir":"/work/deep"}'
    kubectl create configmap over -n e2e-field --from-literal=a=1
    local user
    for user in 0 1000; do
        kubectl apply -n e2e-field -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: read-only-$user}
spec:
  terminationGracePeriodSeconds: 1
  restartPolicy: Never
  securityContext: {runAsUser: $user}
  containers:
  - name: main
    image: monopod.dev/test/volumes:1
    imagePullPolicy: Never
    command: [sh, -c, "pwd; cat /data/of-image; [ $user != 0 ] || { echo x >/data/w && echo x >/made/here/w && cat /data/w; }; cat /over/a; touch /over/no /no /work/deep/no"]
    securityContext: {readOnlyRootFilesystem: true}
    volumeMounts: [{name: over, mountPath: /over}]
  volumes: [{name: over, configMap: {name: over}}]
YAML
    done
    eventually 120 field_ended read-only-0 Failed
    contains "$(field_log read-only-0 | grep -v ^touch:)" $'/work/deep\ngiven\nx\n1'
    contains "$(field_log read-only-0)" 'touch: /over/no: Read-only file system' 'touch: /no: Read-only file system' 'touch: /work/deep/no: Read-only file system'
    eventually 60 field_ended read-only-1000 Failed
    contains "$(field_log read-only-1000 | grep -v ^touch:)" $'/work/deep\ngiven\n1'
    kubectl delete pod read-only-0 read-only-1000 -n e2e-field --wait=false
}

memory_is_promised_as_on_a_node() {
    namespace e2e-field
    kubectl apply -n e2e-field -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: promised}
spec:
  terminationGracePeriodSeconds: 1
  restartPolicy: Never
  containers:
  - name: main
    image: $registry/busybox:1
    command: [sh, -c, "cd /proc/sys && echo \$(cat vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes); dd if=/dev/zero of=/dev/null bs=4294967296 count=0 && echo mapped"]
YAML
    eventually 120 field_ended promised Succeeded
    expect "settings" "$(field_log promised | head -1)" "1 0 10 1 1000000 25000000"
    contains "$(field_log promised)" mapped
    kubectl delete pod promised -n e2e-field --wait=false
}

# field_try SPEC [NAME]: what kubectl says when such a pod is created.
field_try() {
    # What begins with a brace would be taken for JSON.
    kubectl apply -n e2e-field -f - <<<"apiVersion: v1
kind: Pod
metadata: {name: ${2:-tried}}
spec: $1" 2>&1 || true
}

refuses_in_the_words_of_the_field() {
    namespace e2e-field
    contains "$(field_try '{resourceClaims: [{name: gpu, resourceClaimName: gpu}], containers: [{name: c, image: x, resources: {claims: [{name: gpu}]}}]}')" \
        'fields not supported: ResourceClaims' 'spec.resourceClaims: remove it'
    contains "$(field_try '{initContainers: [{name: i, image: x, resources: {requests: {memory: 200Gi}}}], containers: [{name: c, image: x}]}')" \
        "Your pod's cpu/memory requirements exceed the max Fargate configuration: the pod needs 200" 'lower spec.initContainers[0].resources.requests'
    contains "$(field_try "{containers: [{name: c, image: '$registry/busybox:1', command: [sleep, '99'], ports: [{containerPort: 10250}]}], nodeSelector: {topology.kubernetes.io/zone: nowhere-1a}}")" \
        "Warning: spec.containers[0].ports[0].containerPort: 10250 is the port of the pod's own Node" 'pod/tried created'
    eventually 30 field_held tried 'requirements: nodeSelector topology.kubernetes.io/zone=nowhere-1a; the profile has zone '
    kubectl delete pod tried -n e2e-field --wait=false
    contains "$(kubectl apply -f - <<<"apiVersion: monopod.dev/v1
kind: FargateProfile
metadata: {name: e2e-overlaps}
spec: {selectors: [{namespace: e2e-field}], subnets: [private-a]}" 2>&1)" \
        'Warning: spec.selectors[0] may select pods that Fargate profile ' 'fargateprofile.monopod.dev/e2e-overlaps created'
    kubectl delete fargateprofile e2e-overlaps --wait=false
}

field_held() { [[ $(kubectl get pod "$1" -n e2e-field -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}') == *"$2"* ]]; }

# A Node of which nothing is heard is tainted NoExecute, and its pod evicted at once by this toleration.
slow_starts_evict_nobody() {
    namespace e2e-field
    kubectl apply -n e2e-field -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: waiting}
spec:
  terminationGracePeriodSeconds: 0
  tolerations:
  - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 0}
  - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 0}
  containers: [{name: main, image: "$registry/none:1", command: [sleep, "3600"]}]
YAML
    local node uid
    uid=$(field pod waiting .metadata.uid -n e2e-field)
    eventually 30 bound_somewhere waiting e2e-field
    node=$(field pod waiting .spec.nodeName -n e2e-field)
    eventually 60 is True kubectl get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
    sleep 15
    expect "the pod" "$(field pod waiting .metadata.uid -n e2e-field)" "$uid"
    expect "taints" "$(kubectl get node "$node" -o 'jsonpath={.spec.taints[*].effect}')" NoSchedule
    image_push_busybox none
    eventually 120 runs waiting e2e-field
    expect "the pod" "$(field pod waiting .metadata.uid -n e2e-field)" "$uid"
    kubectl delete pod waiting -n e2e-field --wait=false
}
bound_somewhere() { [[ -n $(field pod "$1" .spec.nodeName -n "$2") ]]; }
image_push_busybox() { skopeo copy --quiet --dest-tls-verify=false "docker-archive:$dist/images/busybox.tar" "docker://$registry/$1:1"; }

refuses_huge_pages() {
    namespace e2e-field
    contains "$(field_try '{containers: [{name: c, image: x, resources: {limits: {hugepages-2Mi: 64Mi, memory: 128Mi, cpu: 250m}}}]}')" \
        'resources not supported: hugepages-2Mi' 'spec.containers[0].resources'
    contains "$(field_try '{containers: [{name: c, image: x}], volumes: [{name: large, emptyDir: {medium: HugePages-2Mi}}]}')" \
        'volumes not supported: large is of an unsupported volume Type' 'spec.volumes[0].emptyDir.medium' 'HugePages-2Mi'
}

# field_debug PROFILE: what kubectl says when it adds a debugger of this name to pod debugged.
field_debug() {
    kubectl debug debugged -n e2e-field --profile="$1" --image="$registry/busybox:1" --container="by-$1" --attach=false -- sh -c "id -u; sleep 600" 2>&1 || true
}
field_debugger() { kubectl get pod debugged -n e2e-field -o "jsonpath={.status.ephemeralContainerStatuses[?(@.name==\"by-$1\")].state.$2}"; }
field_debugger_runs() { [[ -n $(field_debugger "$1" running.startedAt) ]]; }

debug_profiles() {
    namespace e2e-field
    sleeper debugged e2e-field
    field_debug baseline
    eventually 60 field_debugger_runs baseline
    eventually 20 is 0 field_log debugged by-baseline
    # As with a kubelet: the profile wants another user than root, and the image has no other.
    field_debug restricted
    eventually 60 is CreateContainerConfigError field_debugger restricted waiting.reason
    contains "$(field_debugger restricted waiting.message)" "container has runAsNonRoot and image will run as root"
    # A debugger, which sees its own pod alone.
    field_debug general
    eventually 60 field_debugger_runs general
    contains "$(field_debug netadmin)" 'Capabilities added: NET_ADMIN' 'spec.ephemeralContainers['
    contains "$(field_debug sysadmin)" 'invalid SecurityContext fields: Privileged' 'spec.ephemeralContainers['
    # Deprecated upstream: no right is asked for.
    if kubectl debug --help | grep -q legacy; then
        field_debug legacy
        eventually 60 field_debugger_runs legacy
    fi
    expect "the pod" "$(kubectl get pod debugged -n e2e-field -o 'jsonpath={.status.containerStatuses[0].restartCount}')" 0
    kubectl delete pod debugged -n e2e-field --wait=false
}

# A registry that takes every connection and says nothing.
field_silent_registry() {
    python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 5056))
held = []
while True: held.append(s.accept())' &
    field_silent_pid=$!
    trap 'kill $field_silent_pid' EXIT
    eventually 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/5056'
}

pods_deleted_while_pulling() {
    local i node uid
    namespace e2e-field
    field_silent_registry
    for i in 1 2 3; do
        kubectl run "pulls-$i" -n e2e-field --image=127.0.0.1:5056/silent:1 --restart=Never
    done
    for i in 1 2 3; do
        eventually 30 bound_somewhere "pulls-$i" e2e-field
    done
    node=$(kubectl get pods -n e2e-field -l run -o 'jsonpath={.items[*].spec.nodeName}')
    uid=$(kubectl get pods -n e2e-field -l run -o 'jsonpath={.items[*].metadata.uid}')
    kubectl delete pod -n e2e-field -l run --timeout=60s
    eventually 20 is "" kubectl get nodes $node --ignore-not-found -o name
    expect "Leases" "$(kubectl get leases $node -n kube-node-lease --ignore-not-found -o name)" ""
    for i in $uid; do
        expect "Machine of $i" "$(kubectl get machines.monopod.dev "m-$i" --ignore-not-found -o name)" ""
        [[ ! -e $MONOPOD_DATA/pods/$i ]] || fail "$MONOPOD_DATA/pods/$i is left"
    done
}

# field_layered NAME: an archive of busybox and ninety-nine layers, each with a file of its own and one that all of them have.
field_layered() {
    python3 - "$dist/images/busybox.tar" "$logs/$1.tar" "monopod.dev/test/$1:1" <<'PY'
import hashlib, io, json, sys, tarfile

def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()

source, target, reference = sys.argv[1:]
with tarfile.open(source) as archive:
    layers = [archive.extractfile("layer.tar").read()]
layers += [tar([(f"layers/{n}", b"%d\n" % n), ("top", b"%d\n" % n)]) for n in range(1, 100)]
config = {"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/bin"]},
          "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(each).hexdigest() for each in layers]}}
names = [f"{n}.tar" for n in range(len(layers))]
manifest = [{"Config": "config.json", "RepoTags": [reference], "Layers": names}]
with open(target, "wb") as out:
    out.write(tar([("manifest.json", json.dumps(manifest).encode()), ("config.json", json.dumps(config).encode())]
                  + list(zip(names, layers))))
PY
}

hundred_layers() {
    local image
    namespace e2e-field
    field_layered layered
    skopeo copy --quiet --dest-tls-verify=false "docker-archive:$logs/layered.tar" "docker://$registry/layered:1"
    "$monopod" image load "$logs/layered.tar"
    for image in "$registry/layered:1" monopod.dev/test/layered:1; do
        kubectl run "layered-${image%%.*}" -n e2e-field --image="$image" --restart=Never --image-pull-policy=IfNotPresent -- sh -c 'ls /layers | wc -l; cat /top'
        eventually 120 field_ended "layered-${image%%.*}" Succeeded
        expect "files of $image" "$(kubectl logs "layered-${image%%.*}" -n e2e-field)" $'99\n99'
    done
    rm -f "$logs/layered.tar"
}
