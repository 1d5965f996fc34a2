//! What a container may do and see, in a real machine: one pod whose containers share their processes.

mod support;

use monopod_guest::protocol::start_refusal::Kind;
use monopod_guest::protocol::*;
use support::{Client, Machine, ended, identity, refused, run_script, script, start};
use tonic::Code;

#[tokio::test]
async fn containers_have_what_they_may_and_nothing_else() {
    let mut machine = Machine::start();
    let mut client = machine.connect().await;
    let sysctls = [("net.ipv4.ip_unprivileged_port_start", "0"), ("kernel.shm_rmid_forced", "1")];
    let request = ConfigureRequest {
        share_process_namespace: true,
        sysctls: sysctls.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..identity("machine-1")
    };
    client.configure(request).await.unwrap_or_else(|status| panic!("{status}\n{}", machine.console()));

    has_the_devices_of_other_runtimes(&mut client).await;
    hides_what_a_kubelet_hides(&mut client).await;
    bounds_capabilities(&mut client).await;
    filters_system_calls(&mut client).await;
    takes_only_the_listed_groups(&mut client).await;
    tells_what_can_not_be_made(&mut client).await;
    shares_processes(&mut client).await;
    reads_a_file_of_a_volume(&mut client).await;

    let _ = client.power_off(PowerOffRequest {}).await;
    assert!(machine.wait_until_off().await, "the machine is off");
}

fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "«{part}» is not in: {text}");
    }
}

fn as_user(mut request: StartContainerRequest, uid: i64) -> StartContainerRequest {
    request.user = Some(User { uid: Some(uid), gid: Some(uid), ..User::default() });
    request
}

async fn has_the_devices_of_other_runtimes(client: &mut Client) {
    let text = "ls /dev | tr '\\n' ' '; for f in core fd ptmx; do readlink /dev/$f; done; df -k /dev/shm | tail -n 1; \
        stat -c '%a %F' /dev/shm /dev/mqueue; echo kept > /dev/shm/file; cat /proc/sys/kernel/shm_rmid_forced \
        /proc/sys/net/ipv4/ip_unprivileged_port_start; ulimit -n; ulimit -Hn; grep Processes /proc/self/limits";
    let mut request = script("devices", text);
    request.resources = Some(Resources { nofile_soft: 1024, nofile_hard: 65535, ..Resources::default() });
    let (_, text) = run_script(client, request).await;
    has_all(&text, &["core fd full mqueue null ptmx pts random shm stderr stdin stdout termination-log tty urandom zero"]);
    has_all(&text, &["/proc/kcore", "/proc/self/fd", "pts/ptmx", "65536", "1777 directory", "F 1\n", "F 0\n", "F 1024\n", "F 65535"]);

    let mut request = script("terminal", "cat /dev/shm/file; test -c /dev/console && echo console; tty; echo seen > /dev/console");
    request.tty = true;
    let (_, text) = run_script(client, request).await;
    has_all(&text, &["kept", "console", "/dev/pts/0", "seen"]);
}

async fn hides_what_a_kubelet_hides(client: &mut Client) {
    let text = "cat /proc/keys /proc/timer_list /proc/interrupts /proc/sched_debug 2>/dev/null | wc -c; \
        ls -A /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap 2>/dev/null | grep -v : | grep -c .; \
        for f in /proc/sysrq-trigger /proc/sys/kernel/hostname /proc/irq/default_smp_affinity /sys/kernel/profiling /sys/fs/cgroup/cgroup.procs; \
        do echo 1 > $f && echo wrote $f; done; echo end";
    let (_, text) = run_script(client, script("masked", text)).await;
    let seen: Vec<&str> = text.lines().filter(|line| line.starts_with("stdout")).collect();
    assert_eq!(seen, ["stdout F 0", "stdout F 0", "stdout F end"], "{text}");
}

async fn bounds_capabilities(client: &mut Client) {
    let sets = "grep -E '^Cap|NoNewPrivs' /proc/self/status | tr '\\n\\t' ' '";
    let (_, text) = run_script(client, script("root-sets", sets)).await;
    has_all(&text, &["CapInh: 0000000000000000 CapPrm: 00000000a80425fb CapEff: 00000000a80425fb CapBnd: 00000000a80425fb"]);
    has_all(&text, &["CapAmb: 0000000000000000 NoNewPrivs: 0"]);

    let (_, text) = run_script(client, as_user(script("user-sets", sets), 1000)).await;
    has_all(&text, &["CapPrm: 0000000000000000 CapEff: 0000000000000000 CapBnd: 00000000a80425fb CapAmb: 0000000000000000"]);

    let mut request = script("dropped", sets);
    request.security = Some(Security { capabilities: vec!["CAP_CHOWN".to_owned()], ..Security::default() });
    has_all(&run_script(client, request).await.1, &["CapEff: 0000000000000001 CapBnd: 0000000000000001"]);

    let capable = "busybox-capable grep CapEff /proc/self/status";
    let (_, text) = run_script(client, as_user(script("file-sets", capable), 1000)).await;
    has_all(&text, &["CapEff:\t0000000000002000"]);
    let mut request = as_user(script("file-sets-refused", capable), 1000);
    request.security.as_mut().expect("security").no_new_privileges = true;
    has_all(&run_script(client, request).await.1, &["CapEff:\t0000000000000000"]);
}

async fn filters_system_calls(client: &mut Client) {
    let text = "grep Seccomp: /proc/self/status; unshare -U true && echo unshared; mkdir /tmp/made 2>&1";
    let filtered = |id: &str, seccomp: SeccompProfile, profile: &str| {
        let mut request = script(id, text);
        let security = request.security.as_mut().expect("security");
        security.seccomp = seccomp.into();
        security.seccomp_localhost_json = profile.as_bytes().to_vec();
        request
    };
    let (_, text) = run_script(client, filtered("by-default", SeccompProfile::RuntimeDefault, "")).await;
    assert!(text.contains("Seccomp:\t2") && !text.contains("unshared"), "{text}");
    let (_, text) = run_script(client, filtered("unconfined", SeccompProfile::Unconfined, "")).await;
    has_all(&text, &["Seccomp:\t0", "unshared"]);
    let profile = r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}"#;
    let (_, text) = run_script(client, filtered("own", SeccompProfile::Localhost, profile)).await;
    has_all(&text, &["Seccomp:\t2", "unshared", "Operation not supported"]);
    let (kind, message) = refused(client, filtered("broken", SeccompProfile::Localhost, "{")).await;
    assert!(kind == Kind::Seccomp && message.starts_with("cannot load seccomp profile: "), "{kind:?} {message}");
}

async fn takes_only_the_listed_groups(client: &mut Client) {
    for (id, only_listed_groups, groups) in [("merged", false, "1000 2000 7000"), ("strict", true, "1000 7000")] {
        let mut request = script(id, "grep Groups /proc/self/status");
        let user = User { uid: Some(1000), supplemental_groups: vec![7000], only_listed_groups, ..User::default() };
        request.user = Some(user);
        let (_, text) = run_script(client, request).await;
        has_all(&text, &[&format!("Groups:\t{groups} ")]);
    }
}

async fn tells_what_can_not_be_made(client: &mut Client) {
    let mut request = script("nobody-known", "true");
    request.user = Some(User { name: "mallory".to_owned(), ..User::default() });
    let message = "unable to find user mallory: no matching entries in passwd file".to_owned();
    assert_eq!(refused(client, request).await, (Kind::User, message));
}

async fn shares_processes(client: &mut Client) {
    start(client, script("neighbour", "exec sleep 1234")).await;
    let text = "ps -o pid,user,args; ls /proc/1/root/ >/dev/null 2>&1 || echo no-root-of-1; kill -9 1; \
        pid=$(pidof sleep); cat /proc/$pid/environ >/dev/null && echo environment; ls /proc/$pid/root/bin/busybox; kill -9 $pid && echo killed; \
        (sleep 0.1 & exec true); grep -E 'Uid|CapEff' /proc/1/status";
    let (_, text) = run_script(client, script("looks", text)).await;
    has_all(&text, &["1 65535    /pause", "sleep 1234", "no-root-of-1", "environment", "/root/bin/busybox", "killed"]);
    has_all(&text, &["Uid:\t65535", "CapEff:\t0000000000000000"]);
    assert_eq!(ended(client, "neighbour").await.signal, 9);
    // What other containers left behind is gone too: process 1 takes it up.
    let (_, text) = run_script(client, script("looks-again", "sleep 0.3; ps -o stat | grep -c ^Z")).await;
    assert_eq!(text, "stdout F 0");
}

async fn reads_a_file_of_a_volume(client: &mut Client) {
    let kind = write_volume_request::Kind::EmptyDirectory(EmptyDirectory::default());
    client.write_volume(WriteVolumeRequest { name: "shared".to_owned(), kind: Some(kind) }).await.expect("volume");
    let mut request = script("writes", "mkdir /v/d; echo \"A='1'\" > /v/d/env; ln -s /etc/passwd /v/link");
    let source = Some(mount::Source::Volume("shared".to_owned()));
    request.mounts = vec![Mount { source, destination: "/v".to_owned(), ..Mount::default() }];
    run_script(client, request).await;
    let file = |path: &str| ReadVolumeFileRequest { name: "shared".to_owned(), path: path.to_owned() };
    assert_eq!(client.read_volume_file(file("d/env")).await.expect("file").into_inner().content, b"A='1'\n");
    for path in ["link", "d", "none"] {
        assert_eq!(client.read_volume_file(file(path)).await.expect_err(path).code(), Code::FailedPrecondition);
    }
}
