# What root in the guest reaches: a machine whose guest has been taken over. A topic of ../run; the tables of security.sh serve here too.

guest_scenarios() {
    scenario guest_root_reaches_nothing_else "F17, F20: root in the guest reaches nothing of the host, of AWS or of others"
    scenario copies_are_strangers "F17: machines that are copies of one have identities and random numbers of their own"
}

# WHAT | SHELL COMMAND that must fail, as root of a machine without any container around it. OTHER stands for another pod's address.
guest_commands='
    a disk of an image, which pods share | for d in $(grep -lx 1 /sys/block/vd*/ro | cut -d/ -f4); do blockdev --setrw /dev/$d; dd if=/dev/zero of=/dev/$d bs=4096 count=1 conv=fsync && exit 0; done; exit 1
    a second channel                     | [ $(ls -d /sys/class/virtio-ports/* | wc -l) != 1 ]
    a device on a bus                    | ls /sys/bus/pci/devices | grep .
    sockets to the hypervisor            | ls /dev/vsock
    a lease by DHCP                      | udhcpc -f -n -q -t 2 -T 1 -i eth0 -s /bin/true
    a second address                     | ip address add 192.168.96.250/32 dev eth0; ping -c 1 -W 2 -I 192.168.96.250 OTHER
    the name of another pod              | ip address add OTHER/32 dev eth0; ping -c 1 -W 2 -I OTHER GATEWAY; r=$?; ip address del OTHER/32 dev eth0; exit $r
    another way out                      | ip route add 192.0.2.0/24 via HOST dev eth0 onlink; nc -w 2 192.0.2.1 80 -e /bin/true
    the host by the router, off its rules | ip route add HOST/32 dev eth0; nc -w 2 HOST 18998 -e /bin/true
    frames of 9000 bytes                 | ip link set eth0 mtu 9000; ping -c 1 -W 2 -s 8000 -M do OTHER
'

# Puts a back door before the guest: a shell of root at port 6666 of the machine's loopback, started before the guest is, then the guest
# as it is. Machines that start until the scenario ends have it.
guest_back_door() {
    local stage=$logs/back-door
    rm -rf "$stage" && mkdir -p "$stage/rootkit/bin" "$stage/bin"
    cp "$programs/guest/initramfs.cpio.gz" "$stage.honest"
    (cd "$stage" && gzip -dc "$stage.honest" | cpio -i --quiet init && mv init rootkit/guest)
    cp "$(command -v busybox)" "$stage/rootkit/busybox"
    local applet
    for applet in $("$stage/rootkit/busybox" --list); do ln -s ../busybox "$stage/rootkit/bin/$applet"; done
    ln -s /rootkit/busybox "$stage/bin/true"
    cat >"$stage/rootkit/shell" <<'SHELL'
#!/rootkit/busybox sh
export PATH=/rootkit/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys
exec sh
SHELL
    cat >"$stage/init" <<'INIT'
#!/rootkit/busybox sh
/rootkit/busybox mount -t devtmpfs devtmpfs /dev
/rootkit/busybox nc -ll -p 6666 -e /rootkit/shell &
exec /rootkit/guest
INIT
    chmod +x "$stage/init" "$stage/rootkit/shell"
    (cd "$stage" && find . -mindepth 1 | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$stage.gz"
    cat "$stage.honest" "$stage.gz" >"$programs/guest/initramfs.new"
    mv "$programs/guest/initramfs.new" "$programs/guest/initramfs.cpio.gz"
}

guest_honest() { cp "$logs/back-door.honest" "$programs/guest/initramfs.new" && mv "$programs/guest/initramfs.new" "$programs/guest/initramfs.cpio.gz"; }

# as_root POD SHELL_COMMAND: by the back door.
as_root() { kubectl exec -i "$1" -n e2e-guest -- nc 127.0.0.1 6666 <<<"$2"; }

# Digests of the images' disks that the machines hold: of their beginnings, since the files are sparse and long.
guest_image_digests() {
    local file descriptor
    # Through the descriptor: the path is the jail's.
    find "/proc/$(machine other e2e-guest)/fd" -type l -printf '%l %p\n' | grep '/images/' | sort | while read -r file descriptor; do
        echo "$file $(head -c 64M "$descriptor" | sha256sum)"
    done
}

guest_root_reaches_nothing_else() {
    namespace e2e-guest
    local hosts other taken gateway digests before wrong
    security_listen
    trap 'kill $(jobs -p); guest_honest' EXIT
    guest_back_door
    sleeper taken e2e-guest
    guest_honest
    sleeper other e2e-guest
    kubectl exec other -n e2e-guest -- sh -c 'mkdir -p /tmp/web && echo served >/tmp/web/index.html && httpd -p 8000 -h /tmp/web'
    other=$(field pod other .status.podIP -n e2e-guest)
    before=$(identity other e2e-guest)
    taken=$(machine taken e2e-guest)
    digests=$(guest_image_digests)
    contains "$digests" /images/
    contains "$(as_root taken 'id; grep CapEff /proc/self/status; ls /sys/class/virtio-ports')" 'uid=0' 'CapEff:	000001ffffffffff' vport
    contains "$(as_root taken 'cat /sys/block/vda/ro /sys/block/vdb/ro | tr "\n" " "')" "0 1"
    gateway=$(as_root taken 'ip route' | awk '/^default/ { print $3 }')
    [[ -n $gateway ]] || fail "root in the guest sees no route"
    wrong=$(as_root taken "$(security_addresses_script "$other")")
    [[ -z $wrong ]] || fail "$wrong"
    # An address of the host that its own program answers at.
    local commands=${guest_commands//OTHER/$other}
    commands=${commands//GATEWAY/$gateway}
    wrong=$(as_root taken "$(security_commands_script "${commands//HOST/$(head -n 1 <<<"$hosts")}")")
    [[ -z $wrong ]] || fail "$wrong"
    # After all that, what is allowed still is: the rows above did not fail for want of a network.
    contains "$(as_root taken "timeout 5 wget -qO- http://$other:8000/")" served
    # As someone else: nothing at all.
    expect "with another MAC" "$(as_root taken "a=\$(cat /sys/class/net/eth0/address); ip link set eth0 down; ip link set eth0 address 02:66:66:66:66:66; ip link set eth0 up
        ip route add $gateway dev eth0; ip route add default via $gateway
        timeout 5 wget -qO- http://$other:8000/
        ip link set eth0 down; ip link set eth0 address \$a; ip link set eth0 up; ip route add $gateway dev eth0; ip route add default via $gateway")" ""
    eventually 20 is served as_root taken "timeout 5 wget -qO- http://$other:8000/"
    expect "images" "$(guest_image_digests)" "$digests"
    # Its kernel dies, and takes nobody along.
    as_root taken '(sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &'
    eventually 30 test ! -e "/proc/$taken"
    contains "$(inside other e2e-guest 'wget -qO- http://127.0.0.1:8000/')" served
    expect "the other pod" "$(identity other e2e-guest)" "$before"
    kubectl delete namespace e2e-guest --wait=false
}

# Whether the machine began as a copy of another.
is_copy() { tr '\0' ' ' <"/proc/$(machine "$1" "$2")/cmdline" | grep -q -e ' -incoming defer'; }

# A pod that draws at once; its log has what it drew.
copy_pod() {
    cat <<YAML
---
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: e2e-copies}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: "$(field pod hello '.spec.containers[0].image')"
      command: [sh, -c, "head -c 32 /dev/urandom | base64; cat /proc/sys/kernel/random/boot_id /sys/class/net/eth0/address; exec sleep 3600"]
YAML
}

copies_are_strangers() {
    namespace e2e-copies
    local n drawn
    # The template of the smallest size is made when the agent starts, and again for a guest that was replaced.
    a_copy_starts() {
        kubectl delete pod first -n e2e-copies --now --ignore-not-found >/dev/null 2>&1
        copy_pod first | kubectl apply -f - >/dev/null
        eventually 60 runs first e2e-copies
        is_copy first e2e-copies
    }
    eventually 180 a_copy_starts
    for n in 1 2 3 4 5; do copy_pod "copy-$n"; done | kubectl apply -f - >/dev/null
    for n in 1 2 3 4 5; do
        eventually 60 runs "copy-$n" e2e-copies
        is_copy "copy-$n" e2e-copies || fail "copy-$n has booted"
    done
    drawn=$(for n in 1 2 3 4 5; do kubectl logs "copy-$n" -n e2e-copies; done)
    expect "lines of five pods" "$(wc -l <<<"$drawn")" 15
    expect "lines that two pods have in common" "$(sort <<<"$drawn" | uniq -d)" ""
    # Each speaks by its own address, which its tap admits alone.
    for n in 1 2 3 4 5; do
        contains "$(inside "copy-$n" e2e-copies 'nslookup kubernetes.default.svc.cluster.local')" 10.
    done
    kubectl delete namespace e2e-copies --wait=false
}
