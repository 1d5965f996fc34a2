# Volumes: NFS and EFS, updates, images, limits, refusals. Sourced by ../run.

nfs_address=198.51.100.2

# nfs_start FOLDER: a server in user space, in a network of its own, with an empty file system in memory.
nfs_start() {
    mkdir -p "$1/export"
    cat >"$1/ganesha.conf" <<CONF
NFS_CORE_PARAM { Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false; }
NFSV4 { Graceless = true; Only_Numeric_Owners = true; RecoveryRoot = $1; }
EXPORT { Export_Id = 1; Path = $1/export; Pseudo = /exports; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; FSAL { Name = VFS; } }
CONF
    ip netns add mp-nfs
    ip link add mp-nfs0 type veth peer name eth0 netns mp-nfs
    ip addr add 198.51.100.1/24 dev mp-nfs0
    ip link set mp-nfs0 up
    ip -n mp-nfs addr add $nfs_address/24 dev eth0
    ip -n mp-nfs link set eth0 up
    ip -n mp-nfs link set lo up
    ip -n mp-nfs route add default via 198.51.100.1
    # The mount is the process's own, and goes with it.
    ip netns exec mp-nfs sh -c "mount -t tmpfs tmpfs '$1/export' && mkdir '$1/export/files' && echo from EFS >'$1/export/files/greeting' &&
        exec ganesha.nfsd -f '$1/ganesha.conf' -L '$1/log' -p '$1/pid'"
    eventually 30 grep -q 'NFS SERVER INITIALIZED' "$1/log"
}

# nfs_stop FOLDER
nfs_stop() {
    kill -9 "$(cat "$1/pid")" || true
    ip link delete mp-nfs0 || true
    ip netns delete mp-nfs || true
    rm -rf "$1"
}

# volume_objects: a PersistentVolume of NFS, one of EFS with its claim, and who stands for EFS.
volume_objects() {
    kubectl apply -f - <<YAML
apiVersion: v1
kind: PersistentVolume
metadata: {name: e2e-nfs}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany]
  storageClassName: ""
  mountOptions: [nfsvers=4.1]
  nfs: {server: $nfs_address, path: /exports}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: e2e-efs}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany]
  storageClassName: ""
  csi: {driver: efs.csi.aws.com, volumeHandle: "fs-0123abcd:/files"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: efs-servers, namespace: monopod-system}
data: {fs-0123abcd: "$nfs_address:/exports"}
YAML
    volume_claim efs
}

# volume_claim NAME: of the PersistentVolume e2e-NAME.
volume_claim() {
    kubectl apply -n e2e-volumes -f - <<YAML
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: $1}
spec: {accessModes: [ReadWriteMany], storageClassName: "", volumeName: e2e-$1, resources: {requests: {storage: 1Gi}}}
YAML
}

# volume_pod NAME MOUNTS VOLUMES [COMMAND [RESOURCES]]
volume_pod() {
    kubectl apply -n e2e-volumes -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1, labels: {color: red}}
spec:
  terminationGracePeriodSeconds: 1
  restartPolicy: Never
  containers:
  - name: main
    image: $registry/busybox:1
    command: [sh, -c, "${4:-trap exit TERM; while true; do sleep 0.2; done}"]
    env: [{name: WORD, valueFrom: {configMapKeyRef: {name: words, key: word, optional: true}}}]
    resources: ${5:-"{}"}
    volumeMounts: [$2]
  volumes: [$3]
YAML
}

volume_condition() { kubectl get pod "$1" -n e2e-volumes -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}'; }
volume_events() { kubectl get events -n e2e-volumes --field-selector "involvedObject.name=$1" -o 'jsonpath={range .items[*]}{.reason} {.message}{"\n"}{end}'; }
volume_told() { [[ $(volume_events "$1") == *"$2"* ]]; }

nfs_and_efs_are_mounted() {
    local folder
    namespace e2e-volumes
    folder=$(mktemp -d /tmp/nfs.XXXXXX)
    trap 'nfs_stop '"$folder" EXIT
    nfs_start "$folder"
    volume_objects
    volume_pod share '{name: nfs, mountPath: /nfs}, {name: nfs, mountPath: /part, subPath: a/b}, {name: efs, mountPath: /efs}' \
        "{name: nfs, persistentVolumeClaim: {claimName: nfs}}, {name: efs, persistentVolumeClaim: {claimName: efs, readOnly: true}}"
    eventually 30 is 'Pod not supported on Fargate: volumes not supported: nfs not supported because: persistentvolumeclaim "nfs" not found' \
        volume_condition share
    volume_claim nfs
    eventually 120 runs share e2e-volumes
    expect "EFS" "$(inside share e2e-volumes 'cat /efs/greeting')" "from EFS"
    inside share e2e-volumes 'echo word >/part/file && cat /nfs/a/b/file && ! echo x >/efs/no && grep -q " /nfs nfs4 rw.*vers=4.1" /proc/mounts'

    # The server stops answering while the pod writes, and before another pod starts.
    kill -STOP "$(cat "$folder/pid")"
    timeout 20 kubectl exec share -n e2e-volumes -- sh -c 'cp /bin/busybox /nfs/ & sleep 2' || true
    volume_pod waits '{name: v, mountPath: /v}' "{name: v, nfs: {server: $nfs_address, path: /exports}}"
    kubectl delete pod share -n e2e-volumes --timeout=60s
    eventually 120 volume_told waits "failed: the server does not answer"
    kubectl delete pod waits -n e2e-volumes --timeout=60s
    kubectl delete pvc nfs efs -n e2e-volumes --wait=false
    kubectl delete pv e2e-nfs e2e-efs --wait=false
}

volumes_follow_their_objects() {
    namespace e2e-volumes
    kubectl create configmap words -n e2e-volumes --from-literal=word=one
    volume_pod follows '{name: words, mountPath: /words}, {name: words, mountPath: /word, subPath: word}, {name: labels, mountPath: /labels}, {name: image, mountPath: /image}' \
        "{name: words, configMap: {name: words}}, {name: labels, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}, {name: image, image: {reference: '$registry/busybox:1'}}"
    eventually 120 runs follows e2e-volumes
    contains "$(inside follows e2e-volumes 'ls /image/bin; /image/bin/busybox true; grep " /image " /proc/mounts' 2>&1 || true)" "Permission denied" "ro,nodev,noexec"
    kubectl create configmap words -n e2e-volumes --from-literal=word=two --dry-run=client -o yaml | kubectl replace -f -
    kubectl label pod follows -n e2e-volumes color=blue --overwrite
    eventually 20 is two inside follows e2e-volumes 'cat /words/word'
    contains "$(inside follows e2e-volumes 'cat /labels/labels')" 'color="blue"'
    expect "subPath and variable" "$(inside follows e2e-volumes 'cat /word; echo " $WORD"')" "one one"
    kubectl delete pod follows -n e2e-volumes --wait=false
}

evicted() { is "Failed Evicted" kubectl get pod "$1" -n e2e-volumes -o 'jsonpath={.status.phase} {.status.reason}'; }

too_much_on_the_disk_evicts() {
    namespace e2e-volumes
    volume_pod hoards '{name: v, mountPath: /v}' '{name: v, emptyDir: {sizeLimit: 1Mi}}' 'head -c 2000000 /dev/zero >/v/file; sleep 1000'
    volume_pod writes '{name: v, mountPath: /v}' '{name: v, emptyDir: {}}' 'head -c 2000000 /dev/zero >/file; sleep 1000' '{limits: {ephemeral-storage: 1Mi}}'
    eventually 120 evicted hoards
    eventually 60 evicted writes
    expect "message" "$(field pod hoards .status.message -n e2e-volumes)" 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '
    expect "message" "$(field pod writes .status.message -n e2e-volumes)" 'Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. '
    volume_told hoards 'Evicted Usage of EmptyDir volume' || fail "no event: $(volume_events hoards)"
    kubectl delete pod hoards writes -n e2e-volumes --wait=false
}

refuses_other_volumes_by_name() {
    local source
    for source in '"awsElasticBlockStore":{"volumeID":"vol-1"}' '"iscsi":{"targetPortal":"a","iqn":"iqn.2001-04.com.example:a","lun":0}' \
        '"rbd":{"monitors":["a"],"image":"b"}' '"csi":{"driver":"ebs.csi.aws.com"}' '"emptyDir":{"medium":"HugePages"}'; do
        refused '{"containers":[{"name":"c","image":"x"}],"volumes":[{"name":"v",'"$source"'}]}' \
            'volumes not supported: v is of an unsupported volume Type' "spec.volumes[0].$(cut -d'"' -f2 <<<"$source")"
    done
    kubectl apply -f - <<YAML
apiVersion: v1
kind: PersistentVolume
metadata: {name: e2e-ebs}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany]
  storageClassName: ""
  csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}
YAML
    namespace e2e-volumes
    volume_claim ebs
    eventually 30 is Bound kubectl get pvc ebs -n e2e-volumes -o 'jsonpath={.status.phase}'
    contains "$(volume_pod ebs '' '{name: v, persistentVolumeClaim: {claimName: ebs}}' 2>&1 || true)" \
        'v not supported because: PVC ebs bound to invalid PV e2e-ebs with CSI Driver: ebs.csi.aws.com'
    kubectl delete pvc ebs -n e2e-volumes --wait=false
    kubectl delete pv e2e-ebs --wait=false
}

volumes_scenarios() {
    scenario nfs_and_efs_are_mounted "claims of NFS and EFS are waited for and mounted, and a dead server holds nothing up"
    scenario volumes_follow_their_objects "volumes follow ConfigMaps and labels within seconds; images are volumes"
    scenario too_much_on_the_disk_evicts "a pod that keeps too much on its disk is evicted in the kubelet's words"
    scenario refuses_other_volumes_by_name "other kinds of volumes are refused by name"
}
