# Kubernetes' autoscalers drive Deployments on Fargate (F15). Functions only; see e2e/run.

autoscaling_scenarios() {
    scenario horizontal_autoscaler_scales_up_and_down "F15: the HPA scales a Deployment up under load and down without"
    scenario vertical_autoscaler_gives_another_size "F15: the VPA (Recreate, Auto) evicts a pod, and the new one has another size"
}

replicas_of_load() { kubectl get deployment load -n e2e-scale -o 'jsonpath={.spec.replicas} {.status.readyReplicas}'; }

# on_each COMMAND: in every running pod of the load, since who burns is not known to the load itself.
on_each() {
    local pod
    for pod in $(kubectl get pods -n e2e-scale -l app=load --field-selector=status.phase=Running -o name); do
        kubectl exec -n e2e-scale "$pod" -- sh -c "$1" || true
    done
}

horizontal_autoscaler_scales_up_and_down() {
    namespace e2e-scale
    apply e2e-scale load.yaml
    eventually 120 is "1 1" replicas_of_load
    on_each 'touch /tmp/burn'
    eventually 240 is "2 2" replicas_of_load
    contains "$(kubectl get events -n e2e-scale --field-selector reason=SuccessfulRescale -o 'jsonpath={.items[*].message}')" "New size: 2"
    on_each 'rm -f /tmp/burn'
    eventually 240 is "1 1" replicas_of_load
    kubectl delete namespace e2e-scale --wait=false
}

# vertical_start FOLDER: the three programs of the VPA, as a user of the API server. Their pids are in vertical_pids.
vertical_start() {
    local folder=$1 program=$dist/autoscaling
    openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$folder/key" -out "$folder/certificate" 2>/dev/null
    kubectl apply -f "$program/crd.yaml"
    eventually 30 kubectl get verticalpodautoscalers -A
    "$program/vpa-admission-controller" --kubeconfig="$KUBECONFIG" --address=127.0.0.1:18944 --port=18943 \
        --register-by-url --webhook-address=https://127.0.0.1 --webhook-port=18943 \
        --client-ca-file="$folder/certificate" --tls-cert-file="$folder/certificate" --tls-private-key="$folder/key" \
        >"$folder/admission-controller.log" 2>&1 &
    vertical_pids=$!
    "$program/vpa-recommender" --kubeconfig="$KUBECONFIG" --address=127.0.0.1:18945 --recommender-interval=5s \
        --pod-recommendation-min-memory-mb=64 >"$folder/recommender.log" 2>&1 &
    vertical_pids+=" $!"
    "$program/vpa-updater" --kubeconfig="$KUBECONFIG" --address=127.0.0.1:18946 --updater-interval=5s --min-replicas=1 \
        >"$folder/updater.log" 2>&1 &
    vertical_pids+=" $!"
}

vertical_stop() {
    kill $vertical_pids 2>/dev/null || true
    kubectl delete mutatingwebhookconfiguration vpa-webhook-config --ignore-not-found || true
    kubectl delete namespace e2e-vertical --wait=false || true
    kubectl delete --wait=false -f "$dist/autoscaling/crd.yaml" || true
    cp "$1"/*.log "$logs/"
    rm -rf "$1"
}

# vertical_pod: provisioned size and requests of the pod that runs.
vertical_pod() {
    kubectl get pods -n e2e-vertical -l app=vertical --field-selector=status.phase=Running \
        -o 'jsonpath={.items[*].metadata.annotations.CapacityProvisioned} {.items[*].spec.containers[0].resources.requests.cpu}'
}

vertical_autoscaler_gives_another_size() {
    "$root/e2e/autoscaling/build"
    local folder
    folder=$(mktemp -d /tmp/vertical.XXXXXX)
    vertical_pids=
    trap 'vertical_stop '"$folder" EXIT
    vertical_start "$folder"
    namespace e2e-vertical
    eventually 60 kubectl get mutatingwebhookconfiguration vpa-webhook-config
    # Before the recommender has seen the pod nothing is recommended, so it begins as it is written.
    apply e2e-vertical vertical.yaml
    eventually 60 is "0.25vCPU 0.5GB 50m" vertical_pod
    eventually 240 is "0.5vCPU 1GB 400m" vertical_pod
    contains "$(kubectl get events -n e2e-vertical -o 'jsonpath={.items[*].reason}')" EvictedByVPA
    kubectl patch vpa vertical -n e2e-vertical --type merge -p '{"spec":{"updatePolicy":{"updateMode":"Auto"},
        "resourcePolicy":{"containerPolicies":[{"containerName":"main","minAllowed":{"cpu":"800m","memory":"1Gi"}}]}}}'
    eventually 240 is "1vCPU 2GB 800m" vertical_pod
}
