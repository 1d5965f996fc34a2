//! A pod with a user namespace of its own, in a real machine: what its containers share, and what the kernel grants root in it.

mod support;

use monopod_guest::protocol::start_refusal::Kind;
use monopod_guest::protocol::stream_input::Input;
use monopod_guest::protocol::stream_output::Output;
use monopod_guest::protocol::*;
use support::{Client, Machine, identity, refused, run_script, script, start};

#[tokio::test]
async fn root_of_the_pod_is_not_root_of_the_machine() {
    let mut machine = Machine::start();
    let mut client = machine.connect().await;
    let request = ConfigureRequest { own_user_namespace: true, share_process_namespace: true, ..identity("machine-1") };
    client.configure(request).await.unwrap_or_else(|status| panic!("{status}\n{}", machine.console()));

    all_containers_are_in_one_namespace(&mut client).await;
    runs_as_others_do(&mut client).await;
    grants_nothing_of_the_machine(&mut client).await;
    leaves_proc_to_whoever_is_user_0(&mut client).await;
    refuses_ids_that_are_not_there(&mut client).await;

    let _ = client.power_off(PowerOffRequest {}).await;
    assert!(machine.wait_until_off().await, "the machine is off");
}

fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "«{part}» is not in: {text}");
    }
}

/// With all that the kernel knows, which no pod can ask for.
fn all_capable(id: &str, text: &str) -> StartContainerRequest {
    let mut request = script(id, text);
    let names = ["SYS_ADMIN", "MKNOD", "SYS_MODULE", "SYS_BOOT", "SYS_TIME", "SYS_RAWIO", "SYS_RESOURCE", "SYSLOG", "NET_ADMIN"];
    let security = request.security.as_mut().expect("security");
    security.capabilities.extend(names.map(|name| format!("CAP_{name}")));
    // The kernel is asked, not the filter before it.
    security.seccomp = SeccompProfile::Unconfined.into();
    request
}

async fn exec(client: &mut Client, id: &str, text: &str) -> String {
    let args = ["sh", "-c", text].map(str::to_owned).to_vec();
    let command = ExecStart { container_id: id.to_owned(), args, ..ExecStart::default() };
    let input = tokio_stream::once(StreamInput { input: Some(Input::Exec(command)) });
    let mut answers = client.exec(input).await.expect("exec").into_inner();
    let mut said = Vec::new();
    while let Some(answer) = answers.message().await.expect("answer") {
        if let Some(Output::Stdout(data)) = answer.output {
            said.extend(data);
        }
    }
    String::from_utf8(said).expect("text")
}

async fn all_containers_are_in_one_namespace(client: &mut Client) {
    let look = "tr -s ' ' < /proc/self/uid_map; tr -s ' ' < /proc/self/gid_map; cat /proc/self/setgroups; readlink /proc/self/ns/user";
    let (_, first) = run_script(client, script("first", look)).await;
    let (_, second) = run_script(client, script("second", look)).await;
    assert_eq!(first, second);
    has_all(&first, &["F  0 0 65536\nstdout F  0 0 65536\nstdout F allow\nstdout F user:["]);
    start(client, script("sleeper", "exec sleep 1000")).await;
    let said = exec(client, "sleeper", look).await;
    assert_eq!(said.trim_end(), first.replace("stdout F ", ""));
    // Process 1, the pause, is outside.
    let said = exec(client, "sleeper", "readlink /proc/1/ns/user || echo unseen; kill -0 $(pidof sleep) && echo reached").await;
    has_all(&said, &["unseen", "reached"]);
}

async fn runs_as_others_do(client: &mut Client) {
    let text = "id -u; touch /file /tmp/f; chown app /file; stat -c '%U' /file; su app -c 'id -un; touch /root/x 2>/dev/null || echo denied'; \
        grep -E '^Cap(Eff|Bnd|Amb)' /proc/self/status | tr '\\n\\t' ' '; echo; mkdir /web; echo served > /web/index.html; httpd -p 80 -h /web; \
        wget -qO- http://127.0.0.1/; ulimit -Hn; cat /proc/self/oom_score_adj; \
        cat < /dev/null && echo null; echo shm > /dev/shm/f && cat /dev/shm/f; chroot / true && echo chroot";
    let mut request = script("runs", text);
    request.resources = Some(Resources { nofile_soft: 1024, nofile_hard: 65535, oom_score_adj: -500, ..Resources::default() });
    let (_, text) = run_script(client, request).await;
    has_all(
        &text,
        &["F 0\n", "F app\nstdout F app\nstdout F denied", "CapEff: 00000000a80425fb CapBnd: 00000000a80425fb CapAmb: 0000000000000000"],
    );
    has_all(&text, &["F served\n", "F 65535", "F -500", "F null", "F shm", "F chroot"]);

    let mut request =
        script("user", "busybox-capable grep CapEff /proc/self/status; id -u; echo out > /dev/stdout; test -c /dev/console && tty");
    request.user = Some(User { uid: Some(1000), supplemental_groups: vec![65535], ..User::default() });
    request.tty = true;
    let (_, text) = run_script(client, request).await;
    has_all(&text, &["CapEff:\t0000000000002000", "1000", "out", "/dev/pts/0"]);
}

async fn grants_nothing_of_the_machine(client: &mut Client) {
    let text = "mknod /b b 254 0; mknod /c c 1 1; mkdir /m; mount -t tmpfs none /m; mount -t squashfs /dev/vdb /m; mount -o remount,rw /proc/sys; \
        umount /proc/sys; echo 1 > /proc/sys/kernel/panic; hostname other; date -s 2001-01-01 >/dev/null; reboot -f; dmesg >/dev/null; \
        ip link set lo down; head -c 999 /bin/busybox > /x.ko; insmod /x.ko; ulimit -Hn 1000000; chown 70000 /x.ko; id -u";
    let (_, text) = run_script(client, all_capable("attacker", text)).await;
    assert_eq!(text.matches("mount: permission denied").count(), 3, "{text}");
    let not_permitted = [
        "mknod: /b",
        "mknod: /c",
        "can't unmount /proc/sys",
        "sethostname",
        "can't set date",
        "reboot: (null)",
        "klogctl",
        "SIOCSIFFLAGS",
        "can't insert '/x.ko'",
        "error setting limit",
    ];
    has_all(&text, &not_permitted.map(|what| format!("{what}: Operation not permitted")).each_ref().map(String::as_str));
    has_all(&text, &["/proc/sys/kernel/panic: Read-only file system", "chown: /x.ko: Invalid argument", "stdout F 0"]);
}

/// Why no pod gets `procMount: Unmasked`: the kernel asks who writes its settings for the user alone, and the user is 0.
async fn leaves_proc_to_whoever_is_user_0(client: &mut Client) {
    let mut request = script("unmasked", "echo 11 > /proc/sys/kernel/panic && cat /proc/sys/kernel/panic");
    request.security.as_mut().expect("security").unmasked_proc = true;
    has_all(&run_script(client, request).await.1, &["stdout F 11"]);
}

async fn refuses_ids_that_are_not_there(client: &mut Client) {
    for (id, user) in [
        ("user 65536", User { name: "65536:0".to_owned(), ..User::default() }),
        ("group 70000", User { name: "0:70000".to_owned(), ..User::default() }),
        ("group 90000", User { supplemental_groups: vec![90000], ..User::default() }),
    ] {
        let mut request = script("nobody", "true");
        request.user = Some(user);
        let message = format!("{id} is above 65535, the last id of a pod with hostUsers: false");
        assert_eq!(refused(client, request).await, (Kind::User, message));
    }
}
