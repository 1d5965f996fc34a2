# What the control plane keeps, and tells: Secrets in etcd, the audit log, the names of pods. A topic of ../run.

control_plane_scenarios() {
    scenario secrets_are_encrypted_in_etcd "etcd has no plain text of a Secret, also after the key was changed"
    scenario audit_log_says_who_did_what "the audit log has who made and who read a Secret, and nothing of its content"
    scenario pod_names_are_those_of_pods_that_exist "an address as a name is answered for a pod of that namespace only"
}

control_plane_secret() {
    namespace e2e-kept
    kubectl create secret generic kept -n e2e-kept --from-literal=word=melon-in-the-cellar --dry-run=client -o yaml | kubectl apply -f -
}

# in_etcd KEY: the bytes that etcd holds, asked for as the API server does.
in_etcd() {
    local pki=$MONOPOD_DATA/pki
    curl -sS --cacert "$pki/etcd-ca.crt" --cert "$pki/apiserver-etcd-client.crt" --key "$pki/apiserver-etcd-client.key" \
        https://127.0.0.1:2379/v3/kv/range -d "{\"key\":\"$(printf %s "$1" | base64 -w 0)\"}" |
        sed -n 's/.*"value":"\([^"]*\)".*/\1/p' | base64 -d
}

key_in_etcd() { in_etcd /registry/secrets/e2e-kept/kept | head -c 200 | tr -d '\0' | LC_ALL=C sed -n '1s/^k8s:enc:secretbox:v1:\([^:]*\):.*/\1/p'; }

newest_key() { sed -n 's/^ *- name: *"\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$MONOPOD_DATA/pki/encryption.yaml" | head -n 1; }

encrypted_with() { is "$1" key_in_etcd; }

# written_with KEY: whether the Secret has this key when it is written again.
written_with() {
    kubectl annotate secret kept -n e2e-kept --overwrite "written=$SECONDS"
    encrypted_with "$1"
}

secrets_are_encrypted_in_etcd() {
    local before after
    control_plane_secret
    expect "mode of the key's file" "$(stat -c %a "$MONOPOD_DATA/pki/encryption.yaml")" 600
    before=$(newest_key)
    eventually 10 encrypted_with "$before"
    ! in_etcd /registry/secrets/e2e-kept/kept | grep -aq melon-in-the-cellar || fail "etcd holds the Secret as plain text"
    in_etcd /registry/namespaces/e2e-kept | grep -aq e2e-kept || fail "what is not secret cannot be found in etcd either: the look is wrong"
    "$dist/monopod-control-plane" rotate-encryption-key --data-dir "$MONOPOD_DATA"
    after=$(newest_key)
    [[ $after != "$before" ]] || fail "the newest key still is $before"
    # The API server looks at the file once a minute. That the supervisor then writes every Secret anew, and drops the old
    # key minutes later, is shown by its own tests.
    eventually 120 written_with "$after"
    eventually 90 is melon-in-the-cellar sh -c "kubectl get secret kept -n e2e-kept -o 'jsonpath={.data.word}' | base64 -d"
}

audit_log_says_who_did_what() {
    local log=$MONOPOD_DATA/logs/audit/audit.log line
    kubectl delete secret kept -n e2e-kept --ignore-not-found
    control_plane_secret
    kubectl get secret kept -n e2e-kept >"$logs/kept"
    line=$(grep '"verb":"create"' "$log" | grep '"resource":"secrets","namespace":"e2e-kept"' | tail -n 1)
    contains "$line" '"level":"Metadata"' '"username":"monopod:admin"' '"code":201'
    contains "$(grep '"verb":"get"' "$log" | grep '"resource":"secrets","namespace":"e2e-kept"' | tail -n 1)" '"name":"kept"'
    ! grep -qE 'requestObject|responseObject|melon|bWVsb24' "$log" || fail "the audit log has bodies"
    expect "mode of the log" "$(stat -c %a "$log")" 600
    ! grep -q '"resource":"leases".*"verb":"update"\|"verb":"update".*"resource":"leases"' <(grep monopod:agent "$log") || fail "signs of life are in the log"
}

pod_names_are_those_of_pods_that_exist() {
    local address name
    sleeper kept e2e-kept
    address=$(field pod kept .status.podIP -n e2e-kept)
    name=${address//./-}
    eventually 30 pod_name_is "$address" "$name.e2e-kept"
    ! pod_name_is "$address" "$name.default" || fail "the name is answered in another namespace"
    ! pod_name_is 10.9.8.7 10-9-8-7.e2e-kept || fail "a name without a pod is answered"
    kubectl delete namespace e2e-kept --wait=false
}
pod_name_is() { inside kept e2e-kept "timeout 5 nslookup $2.pod.cluster.local" | grep -A 2 "Name:.*$2" | grep -q "$1"; }
