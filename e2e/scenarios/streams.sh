# Streams: logs that rotate, and exec, attach and port-forward that neither block others nor grow memory. Sourced by e2e/run.
# Both ways are shown: WebSockets, and SPDY/3.1 as kubectl spoke before 1.30.

streams_scenarios() {
    scenario logs_rotate_without_loss "logs rotate, and logs -f loses and repeats nothing"
    scenario logs_answer_every_option "logs: tail, since, since-time, limit-bytes, timestamps, previous"
    scenario endless_writer_is_bounded "a container that writes without end fills neither host nor memory, and slows no other"
    scenario exec_carries_much_both_ways "exec: much input and output, half-close, exit codes and terminal sizes, by WebSocket and by SPDY"
    scenario clients_that_do_not_read_block_nobody "clients that do not read block nobody, and the agent's memory stays"
    scenario hundred_sessions_at_once "a hundred exec sessions at once"
    scenario older_kubectl_works "kubectl 1.20: logs, exec, attach, cp and port-forward"
    scenario streams_end_with_the_agent "streams end when the agent is killed, and work again after it"
}

# streams_pod: a pod whose container main has a web server, and whose container counter writes 24 MiB of numbered lines.
streams_pod() {
    namespace e2e-streams
    if kubectl get pod streams -n e2e-streams >/dev/null 2>&1; then return; fi
    kubectl apply -n e2e-streams -f - <<YAML >/dev/null
apiVersion: v1
kind: Pod
metadata: {name: streams}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: $registry/busybox:1
      command: [sh, -c, "mkdir /www; echo served >/www/index.html; httpd -p 8080 -h /www; while read line; do echo heard \$line; done; sleep 36000"]
      stdin: true
    - name: counter
      image: $registry/busybox:1
      command: [sh, -c, "until [ -e /tmp/go ]; do sleep 1; done; awk 'BEGIN { for (i = 1; i <= $counted; i++) print sprintf(\\"%06d\\", i) \\" $(printf 'x%.0s' {1..100})\\" }'; sleep 36000"]
    - name: ender
      image: $registry/busybox:1
      command: [sh, -c, "date +%s; sleep 1; exit 3"]
YAML
    eventually 180 is true kubectl get pod streams -n e2e-streams -o 'jsonpath={.status.containerStatuses[?(@.name=="counter")].ready}'
}
counted=160000

# stream ARGUMENT...: kubectl exec into main.
stream() { kubectl exec -n e2e-streams streams -c main "$@"; }

agent_memory() { awk '/^VmRSS:/ { print $2 }' "/proc/$(process agent)/status"; }

logs_rotate_without_loss() {
    streams_pod
    local folder
    folder=$MONOPOD_DATA/pods/$(field pod streams .metadata.uid -n e2e-streams)/logs/counter
    kubectl logs -f streams -c counter -n e2e-streams >"$logs/followed" &
    local pid=$!
    trap 'kill '"$pid"'; rm -f "$logs/followed"' EXIT
    kubectl exec -n e2e-streams streams -c counter -- touch /tmp/go
    eventually 300 grep -q "^$counted " "$logs/followed"
    cut -d' ' -f1 "$logs/followed" | diff -q - <(seq -f '%06g' 1 "$counted") || fail "logs -f is not exact: $(wc -l <"$logs/followed") lines"
    (($(ls "$folder" | grep -c '\.log\.') >= 2)) || fail "nothing was rotated: $(ls -l "$folder")"
    kubectl logs streams -c counter -n e2e-streams | cut -d' ' -f1 | diff -q - <(seq -f '%06g' 1 "$counted") || fail "logs is not exact"
}

logs_answer_every_option() {
    streams_pod
    local time since
    expect "tail" "$(kubectl logs streams -c counter -n e2e-streams --tail=3 | cut -d' ' -f1 | tr '\n' ' ')" "$((counted - 2)) $((counted - 1)) $counted "
    expect "limit" "$(kubectl logs streams -c counter -n e2e-streams --limit-bytes=10)" "000001 xxx"
    time=$(kubectl logs streams -c counter -n e2e-streams --timestamps --tail=2000 | sed -n 1p | cut -d' ' -f1)
    [[ $time =~ ^20[0-9-]+T[0-9:]+\.[0-9]{9}Z$ ]] || fail "timestamp: $time"
    since=$(kubectl logs streams -c counter -n e2e-streams --since-time="$time" | wc -l)
    ((since >= 2000)) || fail "since-time gives $since lines"
    expect "since the future" "$(kubectl logs streams -c counter -n e2e-streams --since-time=2100-01-01T00:00:00Z)" ""
    eventually 120 kubectl logs streams -c ender -n e2e-streams --previous
    local previous
    previous=$(kubectl logs streams -c ender -n e2e-streams --previous)
    [[ $previous =~ ^[0-9]+$ ]] || fail "previous: $previous"
    contains "$(kubectl logs streams -c main -n e2e-streams --previous 2>&1 || true)" 'previous terminated container "main" in pod "streams" not found'
}

endless_writer_is_bounded() {
    streams_pod
    kubectl apply -n e2e-streams -f - <<YAML >/dev/null
apiVersion: v1
kind: Pod
metadata: {name: flood}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: flood, image: "$registry/busybox:1", command: [sh, -c, "yes $(printf 'y%.0s' {1..120})"]}
    - {name: calm, image: "$registry/busybox:1", command: [sh, -c, "while :; do date +%s; sleep 1; done"]}
YAML
    local before folder bytes first second
    before=$(agent_memory)
    eventually 120 runs flood e2e-streams
    folder=$MONOPOD_DATA/pods/$(field pod flood .metadata.uid -n e2e-streams)/logs/flood
    eventually 180 full_log "$folder"
    first=$(kubectl logs flood -c calm -n e2e-streams --tail=1)
    sleep 20
    second=$(kubectl logs flood -c calm -n e2e-streams --tail=1)
    ((second - first >= 15)) || fail "the other container's log went on from $first to $second only"
    bytes=$(du -s --block-size=1 "$folder" | cut -f1)
    ((bytes < 56000000)) || fail "$folder has $bytes bytes"
    expect "exec beside the flood" "$(kubectl exec flood -c calm -n e2e-streams -- echo word)" word
    expect "tail of the flood" "$(kubectl logs flood -c flood -n e2e-streams --tail=5 | wc -l)" 5
    echo "agent: $before KiB before, $(agent_memory) KiB after"
    (($(agent_memory) < before + 150000)) || fail "the agent grew from $before to $(agent_memory) KiB"
    kubectl delete pod flood -n e2e-streams --wait=false
}
full_log() { (($(compgen -G "$1/*.log.*" | wc -l) >= 4)); }

exec_carries_much_both_ways() {
    streams_pod
    local way code sum
    head -c 10000000 /dev/urandom >"$logs/much"
    sum=$(sha256sum <"$logs/much" | cut -d' ' -f1)
    for way in true false; do
        export KUBECTL_REMOTE_COMMAND_WEBSOCKETS=$way KUBECTL_PORT_FORWARD_WEBSOCKETS=$way
        expect "sum of the input, WebSockets $way" "$(stream -i -- sha256sum <"$logs/much" | cut -d' ' -f1)" "$sum"
        expect "there and back" "$(stream -i -- cat <"$logs/much" | sha256sum | cut -d' ' -f1)" "$sum"
        expect "all for a slow reader" "$(stream -- head -c 20000000 /dev/zero | { sleep 8; wc -c; })" 20000000
        expect "stderr is not stdout" "$(stream -- sh -c 'echo out; echo err >&2' 2>/dev/null)" out
        code=0
        stream -- sh -c 'exit 42' 2>/dev/null || code=$?
        expect "exit code" "$code" 42
        code=0
        stream -- sh -c 'kill -9 $$' 2>/dev/null || code=$?
        expect "exit code of a killed process" "$code" 137
        contains "$(script -qec 'stty rows 33 cols 111; kubectl exec -it -n e2e-streams streams -c main -- sh -c "sleep 1; stty size"' /dev/null)" "33 111"
        contains "$(stream -- /no/such/program 2>&1 || true)" "no such file"
        kubectl port-forward -n e2e-streams pod/streams 18091:8080 >"$logs/forward" 2>&1 &
        local pid=$!
        trap 'kill '"$pid"' 2>/dev/null || true; rm -f "$logs/much"' EXIT
        eventually 30 is served curl -sS --max-time 5 http://127.0.0.1:18091/
        kill "$pid"
        wait "$pid" || true
    done
    trap 'rm -f "$logs/much"' EXIT
}

clients_that_do_not_read_block_nobody() {
    streams_pod
    local before n pids=()
    before=$(agent_memory)
    for n in {1..10}; do
        stream -- yes "$(printf 'z%.0s' {1..100})" | sleep 40 &
        pids+=($!)
    done
    trap 'kill '"${pids[*]}"' 2>/dev/null || true' EXIT
    sleep 10
    for n in 1 2 3; do expect "exec beside them" "$(timeout 30 kubectl exec -n e2e-streams streams -c main -- echo "$n")" "$n"; done
    expect "much, beside them" "$(stream -- sh -c 'yes | head -c 5000000' | wc -c)" 5000000
    echo "agent: $before KiB before, $(agent_memory) KiB with ten floods that nobody reads"
    (($(agent_memory) < before + 150000)) || fail "the agent grew from $before to $(agent_memory) KiB"
}

hundred_sessions_at_once() {
    streams_pod
    local n folder=$logs/hundred pids=()
    mkdir -p "$folder"
    trap 'rm -rf "$logs/hundred"' EXIT
    for n in {1..100}; do
        (echo "word $n" | stream -i -- cat >"$folder/$n" 2>"$folder/$n.error") &
        pids+=($!)
    done
    wait "${pids[@]}" || true
    for n in {1..100}; do
        expect "session $n" "$(cat "$folder/$n")" "word $n"
        # kubectl complains of the empty frame that tells it that it is served, if that comes before it is ready.
        expect "errors of session $n" "$(grep -v 'Unknown stream id' "$folder/$n.error" || true)" ""
    done
}

# old_kubectl: Debian's kubectl 1.20, unpacked, not installed.
old_kubectl() {
    local folder=${MONOPOD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/monopod}/kubectl-1.20
    if [[ ! -x $folder/usr/bin/kubectl ]]; then
        mkdir -p "$folder"
        (cd "$folder" && apt-get download kubernetes-client && dpkg -x kubernetes-client_*.deb . && rm -f ./*.deb) >&2 ||
            return 1
    fi
    echo "$folder/usr/bin/kubectl"
}

older_kubectl_works() {
    streams_pod
    local old text
    old=$(old_kubectl) || skip "Debian's kubernetes-client can't be had"
    contains "$("$old" version --client)" '"1", Minor:"20'
    expect "logs" "$("$old" logs streams -c counter -n e2e-streams --limit-bytes=6)" 000001
    expect "exec" "$(echo through | "$old" exec -i -n e2e-streams streams -c main -- cat)" through
    local code=0
    "$old" exec -n e2e-streams streams -c main -- sh -c 'exit 5' || code=$?
    expect "exit code" "$code" 5
    contains "$( (echo hello; sleep 3) | timeout 20 "$old" attach -i streams -n e2e-streams -c main 2>&1 || true)" "heard hello"
    head -c 500000 /dev/urandom >"$logs/old"
    "$old" cp "$logs/old" e2e-streams/streams:/tmp/old -c main
    "$old" cp e2e-streams/streams:/tmp/old "$logs/old.back" -c main
    cmp "$logs/old" "$logs/old.back" || fail "the file changed on its way"
    rm -f "$logs/old" "$logs/old.back"
    "$old" port-forward -n e2e-streams pod/streams 18092:8080 >"$logs/forward" 2>&1 &
    local pid=$!
    trap 'kill '"$pid" EXIT
    eventually 30 is served curl -sS --max-time 5 http://127.0.0.1:18092/
}

streams_end_with_the_agent() {
    streams_pod
    local pid agent
    stream -- sh -c 'while :; do echo tick; sleep 1; done' >"$logs/ticks" 2>&1 &
    pid=$!
    trap 'kill '"$pid"' 2>/dev/null || true; rm -f "$logs/ticks"' EXIT
    eventually 30 grep -q tick "$logs/ticks"
    agent=$(process agent)
    kill -9 "$agent"
    eventually 30 gone "$pid"
    eventually 60 replaced agent "$agent"
    eventually 60 is word stream -- echo word
    # What the killed session ran does not run on.
    eventually 30 is 0 stream -- sh -c 'ps | grep -c "[e]cho tick" || true'
    kubectl delete namespace e2e-streams --wait=false
}
gone() { ! kill -0 "$1" 2>/dev/null; }
