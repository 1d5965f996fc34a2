# Programs that many run, as they run them: databases, a broker, a JVM service, a Helm chart. Sourced by ../run.

applications_scenarios() {
    scenario postgres_keeps_what_it_committed "PostgreSQL is killed while a client writes: its container starts again, and every committed row is there"
    scenario postgres_moves_with_its_volume "PostgreSQL's machine is killed while a client writes: the StatefulSet's next pod has name, volume and every committed row"
    scenario redis_keeps_its_log "Redis finds nothing to warn of, serves another pod, and keeps its append-only file over a kill"
    scenario rabbitmq_keeps_confirmed_messages "RabbitMQ keeps a confirmed message of a durable queue over a kill"
    scenario jvm_service_fits_and_ends_in_order "a JVM sees the pod's processors and memory, and answers what it has begun before it ends"
    scenario helm_installs_tests_upgrades_and_goes "helm installs, tests, upgrades without a lost request, rolls back and leaves nothing"
}

# application_image NAME...: makes these and gives them to the registry. Others than the first three are made by who needs them.
application_image() {
    local name
    for name in "$@"; do
        image "$name" || fail "image $name could not be made"
        skopeo copy --quiet --dest-tls-verify=false "docker-archive:$dist/images/$name.tar" "docker://$registry/$name:1"
    done
}

application_restarts() { field pod "$1" '.status.containerStatuses[0].restartCount' -n "$2"; }

# ---- PostgreSQL ----

# postgres_start NAMESPACE VOLUMES CLAIMS: the StatefulSet, and a pod that writes a row after the other.
postgres_start() {
    application_image postgres
    namespace "$1"
    kubectl create secret generic postgres -n "$1" --from-literal=password=in-the-test-only
    sed "s|REGISTRY|$registry|g; s|# VOLUMES|$2|; s|# CLAIMS|$3|" "$manifests/postgres.yaml" | kubectl apply -n "$1" -f -
    eventually 240 runs postgres-0 "$1"
    eventually 120 runs writer "$1"
    eventually 60 postgres_committed "$1" 20
}

# postgres_committed NAMESPACE NUMBER: whether the client knows of that many rows.
postgres_committed() { (($(inside writer "$1" 'wc -l </tmp/committed') >= $2)); }

# postgres_has_all NAMESPACE: every row that the client was told of is in the table, and at most one more: who died may have kept that to itself.
postgres_has_all() {
    local committed rows lost
    kubectl exec writer -n "$1" -- sh -c 'cat /tmp/committed' | sort >"$logs/postgres.committed"
    kubectl exec postgres-0 -n "$1" -- psql -qtA -U postgres -c 'select number from rows' | sort >"$logs/postgres.rows"
    committed=$(wc -l <"$logs/postgres.committed")
    rows=$(wc -l <"$logs/postgres.rows")
    echo "committed: $committed, rows: $rows"
    lost=$(comm -23 "$logs/postgres.committed" "$logs/postgres.rows")
    [[ -z $lost ]] || fail "committed, and lost: $lost"
    ((rows >= 20)) || fail "only $rows rows"
}

postgres_keeps_what_it_committed() {
    postgres_start e2e-postgres 'volumes: [{name: data, emptyDir: {}}]' ''
    local boot before
    boot=$(inside postgres-0 e2e-postgres 'cat /proc/sys/kernel/random/boot_id')
    before=$(inside writer e2e-postgres 'wc -l </tmp/committed')
    inside postgres-0 e2e-postgres 'kill -9 $(head -n 1 "$PGDATA/postmaster.pid")' || true
    eventually 60 is 1 application_restarts postgres-0 e2e-postgres
    eventually 120 postgres_committed e2e-postgres $((before + 20))
    postgres_has_all e2e-postgres
    contains "$(kubectl logs postgres-0 -n e2e-postgres)" "database system was not properly shut down; automatic recovery in progress"
    expect "machine" "$(inside postgres-0 e2e-postgres 'cat /proc/sys/kernel/random/boot_id')" "$boot"
    expect "exit code" "$(field pod postgres-0 '.status.containerStatuses[0].lastState.terminated.exitCode' -n e2e-postgres)" 137
    kubectl delete namespace e2e-postgres --wait=false
}

postgres_moves_with_its_volume() {
    takes_long postgres_moves
    local folder uid before
    folder=$(mktemp -d /tmp/nfs.XXXXXX)
    trap 'nfs_stop '"$folder" EXIT
    nfs_start "$folder"
    nsenter -t "$(cat "$folder/pid")" -m install -d -o 999 -g 999 -m 700 "$folder/export/database"
    kubectl apply -f - <<YAML
apiVersion: v1
kind: PersistentVolume
metadata: {name: e2e-postgres}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  persistentVolumeReclaimPolicy: Retain
  mountOptions: [nfsvers=4.1]
  claimRef: {namespace: e2e-postgres-nfs, name: data-postgres-0}
  nfs: {server: $nfs_address, path: /exports/database}
YAML
    postgres_start e2e-postgres-nfs '' 'volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}}]'
    uid=$(field pod postgres-0 .metadata.uid -n e2e-postgres-nfs)
    before=$(inside writer e2e-postgres-nfs 'wc -l </tmp/committed')
    kill -9 "$(machine postgres-0 e2e-postgres-nfs)"
    eventually 180 postgres_is_another "$uid"
    eventually 120 postgres_committed e2e-postgres-nfs $((before + 20))
    postgres_has_all e2e-postgres-nfs
    contains "$(kubectl logs postgres-0 -n e2e-postgres-nfs)" "automatic recovery in progress"
    # While the server of the files is there.
    kubectl delete pod writer -n e2e-postgres-nfs --wait=false
    kubectl delete statefulset postgres -n e2e-postgres-nfs
    kubectl wait --for=delete pod/postgres-0 -n e2e-postgres-nfs --timeout=60s
    kubectl delete namespace e2e-postgres-nfs --wait=false
    kubectl delete pv e2e-postgres --wait=false
}
postgres_is_another() { [[ $(field pod postgres-0 .metadata.uid -n e2e-postgres-nfs) != "$1" ]] && runs postgres-0 e2e-postgres-nfs; }

# ---- Redis ----

redis() { inside client e2e-redis "redis-cli -h redis $*"; }

redis_keeps_its_log() {
    application_image redis
    namespace e2e-redis
    apply e2e-redis redis.yaml
    eventually 120 runs redis-0 e2e-redis
    eventually 120 runs client e2e-redis
    if kubectl logs redis-0 -n e2e-redis | grep -i warning | grep -v 'no config file specified'; then fail "Redis warns"; fi
    eventually 30 is PONG redis ping
    expect "answer" "$(redis set city Lund)" OK
    expect "answer" "$(redis 'eval "for i = 1, 1000 do redis.call(\"rpush\", \"numbers\", i) end return redis.call(\"llen\", \"numbers\")" 0')" 1000
    inside redis-0 e2e-redis 'for it in /proc/[0-9]*; do if [ "$(cat $it/comm)" = redis-server ]; then kill -9 ${it#/proc/}; fi; done' || true
    eventually 60 is 1 application_restarts redis-0 e2e-redis
    eventually 60 is PONG redis ping
    expect "what was set" "$(redis get city)" Lund
    expect "numbers" "$(redis llen numbers)" 1000
    contains "$(kubectl logs redis-0 -n e2e-redis)" "DB loaded from append only file"
    kubectl delete namespace e2e-redis --wait=false
}

# ---- RabbitMQ ----

# rabbitmq PYTHON: runs it in the client's pod; the channel is `it`, and knows the durable queue "orders".
rabbitmq() {
    kubectl exec client -n e2e-rabbitmq -- python3 -c "import pika
connection = pika.BlockingConnection(pika.ConnectionParameters('rabbitmq', credentials=pika.PlainCredentials('shop', 'in-the-test-only')))
it = connection.channel()
it.queue_declare('orders', durable=True)
$1
connection.close()"
}

rabbitmq_keeps_confirmed_messages() {
    takes_long rabbitmq
    application_image rabbitmq
    namespace e2e-rabbitmq
    apply e2e-rabbitmq rabbitmq.yaml
    local before=$SECONDS
    eventually 240 runs rabbitmq-0 e2e-rabbitmq
    echo "Ready after $((SECONDS - before)) s"
    eventually 120 runs client e2e-rabbitmq
    eventually 60 rabbitmq pass
    # Publishing waits for the broker's confirmation, and throws if it does not come.
    rabbitmq "it.confirm_delivery()
for i in range(100):
    it.basic_publish('', 'orders', b'order %d' % i, pika.BasicProperties(delivery_mode=2), mandatory=True)"
    inside rabbitmq-0 e2e-rabbitmq 'for it in /proc/[0-9]*; do if [ "$(cat $it/comm)" = beam.smp ]; then kill -9 ${it#/proc/}; fi; done' || true
    eventually 60 is 1 application_restarts rabbitmq-0 e2e-rabbitmq
    eventually 180 runs rabbitmq-0 e2e-rabbitmq
    eventually 60 rabbitmq pass
    expect "messages" "$(rabbitmq "print([it.basic_get('orders', auto_ack=True)[2].decode() for i in range(100)] == ['order %d' % i for i in range(100)], it.basic_get('orders')[2])")" "True None"
    kubectl delete namespace e2e-rabbitmq --wait=false
}

# ---- JVM ----

jvm_service_fits_and_ends_in_order() {
    application_image service
    namespace e2e-jvm
    apply e2e-jvm service.yaml
    eventually 120 runs service e2e-jvm
    local processors heap address answer
    eventually 30 inside hello default 'timeout 5 wget -qO- http://service.e2e-jvm/ready'
    read -r processors heap <<<"$(inside hello default 'timeout 10 wget -qO- http://service.e2e-jvm/runtime')"
    expect "processors" "$processors" 2
    # Three quarters of 1 GiB, of which a young generation's survivor space may not count.
    ((heap > 700 && heap <= 768)) || fail "the heap may have $heap MiB, expected 768"
    address=$(field pod service .status.podIP -n e2e-jvm)
    kubectl logs -f service -n e2e-jvm >"$logs/jvm-service.log" &
    kubectl delete pod service -n e2e-jvm --wait=false
    # It begins while preStop sleeps, and is not done when SIGTERM comes.
    answer=$(inside hello default "timeout 30 wget -qO- http://$address:8080/slow")
    expect "answer" "$answer" slow
    kubectl wait --for=delete pod/service -n e2e-jvm --timeout=60s
    wait $! || true
    expect "log" "$(paste -sd, "$logs/jvm-service.log")" "serving,slow request begins,asked to end,slow request answered,ended in order"
    kubectl delete namespace e2e-jvm --wait=false
}

# ---- Helm ----

helm() { HELM_CACHE_HOME=$logs/helm/cache HELM_CONFIG_HOME=$logs/helm/config HELM_DATA_HOME=$logs/helm/data "$dist/helm/helm" -n e2e-helm "$@"; }

# page: what the release's Service serves.
page() { inside asker e2e-helm 'timeout 5 wget -qO- http://shop/'; }

helm_left() { kubectl get deployments,replicasets,services,jobs,configmaps,secrets,pods -n e2e-helm -o name | grep -v -e asker -e kube-root-ca.crt; }

helm_installs_tests_upgrades_and_goes() {
    "$root/e2e/build-tool" helm || fail "helm could not be built"
    local chart=$root/e2e/charts/web images
    images=image=$registry/web:1,tools=$registry/busybox:1
    namespace e2e-helm
    sleeper asker e2e-helm
    helm install shop "$chart" --set "$images" --wait --timeout 3m
    eventually 30 is first page
    helm test shop --timeout 2m
    # Asked without a pause while all pods are replaced; what was asked and lost is counted in the pod.
    inside asker e2e-helm 'cd /tmp && while [ ! -e stop ]; do if timeout 10 wget -qO- http://shop/ >>answers; then :; else echo lost >>lost; fi; done >/dev/null 2>&1 &'
    helm upgrade shop "$chart" --set "$images,page=second" --wait --timeout 4m
    eventually 30 is second page
    # --wait ends before the last old pod has gone.
    eventually 60 is 2 helm_pods
    inside asker e2e-helm 'touch /tmp/stop'
    expect "lost requests" "$(inside asker e2e-helm 'cat /tmp/lost 2>/dev/null | wc -l')" 0
    contains "$(inside asker e2e-helm 'sort /tmp/answers | uniq -c')" first second
    inside asker e2e-helm 'wc -l </tmp/answers'
    helm test shop --timeout 2m
    helm rollback shop 1 --wait --timeout 4m
    eventually 30 is first page
    contains "$(helm history shop)" "Rollback to 1"
    helm uninstall shop --wait --timeout 2m
    # The pods end within their grace.
    eventually 60 is "" helm_left
    kubectl delete namespace e2e-helm --wait=false
}
helm_pods() { kubectl get pods -n e2e-helm -l app.kubernetes.io/instance=shop -o name | wc -l; }
