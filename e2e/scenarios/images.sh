# Images: pull policies and their words, private registries, mirrors, healing. Sourced by e2e/run.
private_registry=127.0.0.1:5056
secure_registry=127.0.0.1:5057

images_scenarios() {
    scenario pull_policies_and_names "pull policies, and the kubelet's words for what goes wrong"
    scenario private_images_need_a_credential "a private image is for pods with a secret that matches, and for no other"
    scenario plugin_brings_the_password "a credential provider plugin logs in with the pod execution role"
    scenario mirrors_stand_in "a mirror stands in for a registry, and a wrong entry says what is wrong"
    scenario file_capabilities_survive "a file capability in an image reaches the process"
    scenario damaged_images_heal "half-pulled and damaged images heal themselves"
    scenario images_are_listed_and_removed "monopod image lists, removes, and keeps what is in use"
}

# image_pod NAME NAMESPACE IMAGE [SPEC_FIELDS [CONTAINER_FIELDS]]: starts a pod that sleeps, without waiting.
image_pod() {
    kubectl apply -n "$2" -f - <<YAML >/dev/null
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec: {terminationGracePeriodSeconds: 0, ${4:-}${4:+,} containers: [{name: main, image: "$3", command: [sleep, "3600"]${5:+,} ${5:-}}]}
YAML
}

image_reason() { kubectl get pod "$1" -n "$2" -o 'jsonpath={.status.containerStatuses[0].state.waiting.reason}'; }
image_told() { kubectl get events -n "$2" --field-selector "involvedObject.name=$1" -o 'jsonpath={range .items[*]}{.type}{" "}{.reason}{" "}{.message}{"\n"}{end}'; }
image_tells() { [[ $(image_told "$1" "$2") == *"$3"* ]]; }

# image_variant NAME FOLDER: an image of busybox that differs from all others; FOLDER's content is added.
image_variant() {
    local folder=$logs/variant.$1
    rm -rf "$folder"
    mkdir -p "$folder"
    tar -xOf "$dist/images/busybox.tar" layer.tar | tar -xf - -C "$folder"
    echo "$1 $RANDOM$RANDOM" >"$folder/etc/variant"
    [[ -z ${2:-} ]] || cp -a "$2/." "$folder/"
    (source "$root/examples/images/lib" && archive "$logs/$1.tar" "monopod.dev/test/$1:1" "$folder" '{"Env":["PATH=/bin"],"Cmd":["sh"]}')
    rm -rf "$folder"
}

image_push() { # NAME REFERENCE [SKOPEO_ARGUMENT...]
    local name=$1 reference=$2
    shift 2
    skopeo copy --quiet --dest-tls-verify=false "$@" "docker-archive:$logs/$name.tar" "docker://$reference"
}

# serve_private_registry: one that demands the password "secret" of "user", for the time of the scenario.
serve_private_registry() {
    local folder=$logs/private
    mkdir -p "$folder"
    echo 'user:$2b$05$2Y3L.3IF5o6tue2lUXJ5qeDrgGfCaoD0.7jTaAtGVI5sOTSSZpO6.' >"$folder/users"
    cat >"$folder/config.yml" <<YAML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $folder/data}}
http: {addr: $private_registry}
auth: {htpasswd: {realm: test, path: $folder/users}}
YAML
    docker-registry serve "$folder/config.yml" >"$folder.log" 2>&1 &
    private_pid=$!
    trap 'kill $private_pid; rm -rf '"$folder" EXIT
    eventually 20 curl -fsS -u user:secret "http://$private_registry/v2/"
}

# serve_secure_registry: what the tests' registry holds, by HTTPS, with a certificate that only $logs/secure.crt trusts.
serve_secure_registry() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=registry \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$logs/secure.key" -out "$logs/secure.crt" 2>/dev/null
    cat >"$logs/secure.yml" <<YAML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $logs/registry/data}}
http: {addr: $secure_registry, tls: {certificate: $logs/secure.crt, key: $logs/secure.key}}
YAML
    docker-registry serve "$logs/secure.yml" >"$logs/secure.log" 2>&1 &
    secure_pid=$!
    eventually 20 curl -fsS --cacert "$logs/secure.crt" "https://$secure_registry/v2/"
}

# image_was_pulled POD: whether its event says so, with how long it took and how large it is; else what was told. Events follow the status.
image_was_pulled() {
    local told
    told=$(image_told "$1" e2e-images)
    grep -Eq "Normal Pulled Successfully pulled image \"$registry/busybox:1\" in [0-9.]+m?s \([0-9.]+m?s including waiting\)\. Image size: [1-9][0-9]+ bytes\." <<<"$told" || {
        echo "$told"
        return 1
    }
}

pull_policies_and_names() {
    namespace e2e-images
    image_variant offline
    image_pod never e2e-images monopod.dev/test/offline:1 "" "imagePullPolicy: Never"
    image_pod wrong e2e-images "$registry/Wrong/Name:1"
    image_pod absent e2e-images "$registry/absent:1"
    image_pod always e2e-images "$registry/busybox:1" "" "imagePullPolicy: Always"
    eventually 60 is ErrImageNeverPull image_reason never e2e-images
    eventually 60 is InvalidImageName image_reason wrong e2e-images
    eventually 60 is ImagePullBackOff image_reason absent e2e-images
    eventually 60 image_tells absent e2e-images "Normal BackOff Back-off pulling image \"$registry/absent:1\""
    eventually 30 image_tells absent e2e-images "Warning Failed Error: ImagePullBackOff"
    contains "$(image_told absent e2e-images)" "Normal Pulling Pulling image \"$registry/absent:1\"" \
        "Warning Failed Failed to pull image \"$registry/absent:1\": " "404" "Warning Failed Error: ErrImagePull"
    contains "$(image_told never e2e-images)" 'Warning ErrImageNeverPull Container image "monopod.dev/test/offline:1" is not present with pull policy of Never'
    contains "$(image_told wrong e2e-images)" "Warning InspectFailed Failed to apply default image tag \"$registry/Wrong/Name:1\": couldn't parse image name"
    "$monopod" image load "$logs/offline.tar"
    eventually 60 runs never e2e-images
    contains "$(image_told never e2e-images)" 'Normal Pulled Container image "monopod.dev/test/offline:1" already present on machine'
    eventually 60 runs always e2e-images
    eventually 10 image_was_pulled always
    kubectl delete pod never wrong absent always -n e2e-images --wait=false
}

private_images_need_a_credential() {
    namespace e2e-images
    serve_private_registry
    image_variant team
    image_push team "$private_registry/team/app:1" --dest-creds user:secret
    kubectl create secret docker-registry wrong -n e2e-images --docker-server="https://$private_registry/other" --docker-username=user --docker-password=no
    kubectl create secret docker-registry right -n e2e-images --docker-server='*.0.*.1:5056/team' --docker-username=user --docker-password=secret
    kubectl create serviceaccount puller -n e2e-images
    kubectl patch serviceaccount puller -n e2e-images -p '{"imagePullSecrets":[{"name":"wrong"},{"name":"right"}]}'
    image_pod owner e2e-images "$private_registry/team/app:1" "serviceAccountName: puller"
    eventually 120 runs owner e2e-images
    # It is here now, but not for everybody.
    image_pod stranger e2e-images "$private_registry/team/app:1" "imagePullSecrets: [{name: wrong}, {name: missing}]"
    eventually 60 is ImagePullBackOff image_reason stranger e2e-images
    contains "$(image_told stranger e2e-images)" "401" "Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (missing)"
    kubectl delete pod owner stranger -n e2e-images --wait=false
}

plugin_brings_the_password() {
    serve_private_registry
    image_variant plugged
    image_push plugged "$private_registry/plugged:1" --dest-creds user:secret
    mkdir -p "$MONOPOD_DATA/credential-providers"
    cat >"$MONOPOD_DATA/credential-providers/example-provider" <<'SH'
#!/bin/sh
read -r request
[ "$AWS_ROLE_ARN" = arn:aws:iam::111122223333:role/images ] || { echo "not the role: $AWS_ROLE_ARN" >&2; exit 1; }
case $request in *CredentialProviderRequest*) ;; *) exit 2 ;; esac
echo '{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1","cacheKeyType":"Registry","auth":{"127.0.0.1:5056":{"username":"user","password":"secret"}}}'
SH
    chmod +x "$MONOPOD_DATA/credential-providers/example-provider"
    cat >"$MONOPOD_DATA/credential-providers.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - {name: example-provider, matchImages: ["127.*.*.1:5056"], defaultCacheDuration: 1h, apiVersion: credentialprovider.kubelet.k8s.io/v1}
YAML
    killed agent
    namespace images-role
    kubectl apply -f - <<YAML
apiVersion: monopod.dev/v1
kind: FargateProfile
metadata: {name: images-role}
spec:
  podExecutionRoleArn: arn:aws:iam::111122223333:role/images
  selectors: [{namespace: images-role}]
  subnets: [private-a]
YAML
    eventually 30 is ACTIVE kubectl get fargateprofile images-role -o 'jsonpath={.status.phase}'
    image_pod plugged images-role "$private_registry/plugged:1"
    eventually 120 runs plugged images-role
    # The profile of this namespace has no such role.
    namespace e2e-images
    image_pod unplugged e2e-images "$private_registry/plugged:1"
    eventually 60 is ImagePullBackOff image_reason unplugged e2e-images
    contains "$(image_told unplugged e2e-images)" "401" "(credential provider example-provider: exit code 1: not the role:)"
    kubectl delete pod unplugged -n e2e-images --wait=false
    kubectl delete namespace images-role --wait=false
    "$monopod" profile delete images-role
    rm -rf "$MONOPOD_DATA"/credential-providers*
}

mirrors_stand_in() {
    local settings=$MONOPOD_DATA/registries.json
    cp "$settings" "$logs/registries.json"
    serve_secure_registry
    trap 'kill $secure_pid; cp "$logs/registries.json" "$MONOPOD_DATA/registries.json"' EXIT
    namespace e2e-images
    cat >"$settings" <<JSON
[{"registry": "registry.invalid", "mirrors": ["127.0.0.1:1", "$registry"]},
 {"registry": "$secure_registry", "caFile": "$logs/secure.crt"}]
JSON
    image_pod mirrored e2e-images registry.invalid/busybox:1
    image_pod secure e2e-images "$secure_registry/busybox:1"
    eventually 120 runs mirrored e2e-images
    eventually 120 runs secure e2e-images
    contains "$(kubectl get pod mirrored -n e2e-images -o 'jsonpath={.status.containerStatuses[0].imageID}')" "registry.invalid/busybox@sha256:"
    echo '[{"registry":"https://registry.invalid"}]' >"$settings"
    image_pod mistaken e2e-images registry.invalid/other:1
    eventually 60 image_tells mistaken e2e-images "entry 1 (https://registry.invalid): registry must be HOST or HOST:PORT"
    kubectl delete pod mirrored secure mistaken -n e2e-images --wait=false
}

file_capabilities_survive() {
    command -v setcap >/dev/null || skip "no setcap"
    local extra=$logs/extra
    mkdir -p "$extra/caps"
    cp "$(command -v busybox)" "$extra/caps/cat"
    setcap cap_net_raw+ep "$extra/caps/cat"
    # GNU tar writes the attribute as Docker does.
    TAR_OPTIONS="--xattrs --xattrs-include=security.capability" image_variant capable "$extra"
    image_push capable "$registry/capable:1"
    rm -rf "$extra"
    namespace e2e-images
    image_pod capable e2e-images "$registry/capable:1" "securityContext: {runAsUser: 65534}"
    eventually 120 runs capable e2e-images
    contains "$(inside capable e2e-images '/caps/cat /proc/self/status')" "CapEff:	0000000000002000"
    contains "$(inside capable e2e-images '/bin/cat /proc/self/status')" "CapEff:	0000000000000000"
    kubectl delete pod capable -n e2e-images --wait=false
}

damaged_images_heal() {
    namespace e2e-images
    local folder=$logs/large digest disk
    mkdir -p "$folder"
    head -c 60000000 /dev/urandom >"$folder/random"
    image_variant large "$folder"
    image_push large "$registry/large:1"
    rm -rf "$folder"
    image_pod first e2e-images "$registry/large:1"
    eventually 60 has_spool
    killed agent
    eventually 120 runs first e2e-images
    if has_spool; then fail "left: $(ls -d "$MONOPOD_DATA"/images/spool-*)"; fi
    kubectl delete pod first -n e2e-images --wait=true

    digest=$("$monopod" image list | awk -v image="$registry/large:1" '$1 == image { sub("sha256:", "", $2); print $2 }')
    disk=$(echo "$MONOPOD_DATA/images/disks/$digest"*.squashfs)
    [[ -f $disk ]] || fail "no disk $disk: $("$monopod" image list)"
    printf damaged | dd of="$disk" bs=1 seek=30000000 conv=notrunc status=none
    killed agent
    image_pod second e2e-images "$registry/large:1"
    eventually 120 runs second e2e-images
    contains "$(image_told second e2e-images)" "Successfully pulled image"
    expect "content" "$(inside second e2e-images 'sha256sum /random' | cut -d' ' -f1)" \
        "$(tar -xOf "$logs/large.tar" layer.tar | tar -xOf - ./random | sha256sum | cut -d' ' -f1)"
    kubectl delete pod second -n e2e-images --wait=false
}
has_spool() { compgen -G "$MONOPOD_DATA/images/spool-*" >/dev/null; }

images_are_listed_and_removed() {
    image_variant idle
    "$monopod" image load "$logs/idle.tar"
    contains "$("$monopod" image list)" "monopod.dev/test/idle:1" unused used
    contains "$("$monopod" image remove monopod.dev/test/idle:1)" "removed sha256:"
    if "$monopod" image list | grep test/idle; then fail "it is still there"; fi
    local used
    used=$(field pod hello '.spec.containers[0].image')
    contains "$("$monopod" image remove "$used" 2>&1 || true)" "is used by a machine"
}
