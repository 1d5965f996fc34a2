//! Containers in a real machine: their life, logs, files, identity and limits. One machine serves them all, since a boot costs seconds.

mod support;

use monopod_guest::protocol::start_refusal::Kind;
use monopod_guest::protocol::*;
use support::{Client, Machine, NFS_SLOT, ended, log, refused, run_script, script, start};
use tonic::Code;

#[tokio::test]
async fn containers_live_and_end() {
    let (mut machine, mut client) = Machine::ready().await;

    runs_a_program_and_keeps_its_log(&mut client).await;
    tells_why_a_program_cannot_start(&mut client).await;
    signals_and_removes(&mut client).await;
    mounts_volumes_and_pod_files(&mut client).await;
    mounts_volumes_below_volumes_that_cannot_be_written(&mut client).await;
    keeps_the_image_s_volumes_writable_below_a_read_only_root(&mut client).await;
    enters_a_working_directory_that_the_image_lacks(&mut client).await;
    has_the_kernel_settings_of_a_node(&mut client).await;
    mounts_an_image_as_data(&mut client).await;
    refuses_a_sub_path_that_leads_out_of_its_volume(&mut client).await;
    says_why_a_server_can_not_be_mounted(&mut client).await;
    runs_as_the_user_that_was_asked_for(&mut client).await;
    keeps_the_container_in_its_place(&mut client).await;
    looks_at_the_processes_of_another(&mut client).await;
    kills_what_takes_too_much_memory(&mut client).await;

    let _ = client.power_off(PowerOffRequest {}).await;
    assert!(machine.wait_until_off().await, "the machine is off");
}

async fn runs_a_program_and_keeps_its_log(client: &mut Client) {
    let started = std::time::Instant::now();
    let (state, text) = run_script(client, script("hello", "echo out; echo err >&2; echo because > /dev/termination-log; exit 3")).await;
    println!("a container from start to log: {:?}", started.elapsed());

    assert_eq!((state.exit_code, state.signal, state.oom_killed), (3, 0, false));
    assert_eq!(state.termination_message, b"because\n");
    assert!(text.contains("stdout F out") && text.contains("stderr F err"), "{text}");
    assert!(state.finished_unix_nanos > state.started_unix_nanos);
    assert_eq!(refused(client, script("hello", "true")).await.0, Kind::Exists);
}

async fn tells_why_a_program_cannot_start(client: &mut Client) {
    for (id, program, kind, message) in [
        ("missing", "no-such-program", Kind::NoSuchProgram, "exec: \"no-such-program\": executable file not found in $PATH"),
        ("missing-path", "/no/such", Kind::NoSuchProgram, "exec: \"/no/such\": stat /no/such: no such file or directory"),
        ("forbidden", "/bin/not-executable", Kind::NotExecutable, "exec: \"/bin/not-executable\": permission denied"),
    ] {
        let mut request = script(id, "");
        request.args = vec![program.to_owned()];
        assert_eq!(refused(client, request).await, (kind, message.to_owned()));
    }
    let mut request = script("no-folder", "true");
    request.working_directory = "/etc/passwd".to_owned();
    let (kind, message) = refused(client, request).await;
    assert!(kind == Kind::WorkingDirectory && message.contains("/etc/passwd"), "{kind:?} {message}");
    let listed = client.list_containers(ListContainersRequest {}).await.expect("list").into_inner();
    assert_eq!(listed.containers.len(), 1, "what could not start is forgotten");
}

async fn signals_and_removes(client: &mut Client) {
    start(client, script("trap", "trap 'echo bye; exit 7' TERM; echo ready; while true; do sleep 0.1; done")).await;
    let mut chunks =
        client.read_log(ReadLogRequest { container_id: "trap".to_owned(), offset: 0, follow: true }).await.expect("log").into_inner();
    chunks.message().await.expect("chunk").expect("ready");
    client
        .signal_container(SignalContainerRequest { container_id: "trap".to_owned(), signal: 15, all_processes: false })
        .await
        .expect("signal");
    assert_eq!(ended(client, "trap").await.exit_code, 7);

    start(client, script("stubborn", "sleep 1000 & sleep 1000")).await;
    client
        .signal_container(SignalContainerRequest { container_id: "stubborn".to_owned(), signal: 9, all_processes: false })
        .await
        .expect("signal");
    let state = ended(client, "stubborn").await;
    assert_eq!((state.exit_code, state.signal), (137, 9));

    for _ in 0..2 {
        client.remove_container(RemoveContainerRequest { container_id: "stubborn".to_owned() }).await.expect("remove");
    }
    let listed = client.list_containers(ListContainersRequest {}).await.expect("list").into_inner();
    assert!(!listed.containers.iter().any(|state| state.container_id == "stubborn"));
}

async fn mounts_volumes_and_pod_files(client: &mut Client) {
    let file = |path: &str, text: &str| VolumeFile { path: path.to_owned(), content: text.into(), mode: 0o444, user: None };
    let files = |text: &str| {
        write_volume_request::Kind::Files(Files {
            files: vec![file("key", text), file("deep/key", text)],
            fs_group: Some(3000),
            sticky: false,
        })
    };
    client.write_volume(volume("config", files("old"))).await.expect("files");
    client.write_volume(volume("config", files("new"))).await.expect("files again");
    let memory = EmptyDirectory { memory: true, size_limit_bytes: 1 << 20, fs_group: None };
    client.write_volume(volume("cache", write_volume_request::Kind::EmptyDirectory(memory))).await.expect("memory");
    let disk = EmptyDirectory { fs_group: Some(3000), ..EmptyDirectory::default() };
    client.write_volume(volume("data", write_volume_request::Kind::EmptyDirectory(disk))).await.expect("disk");
    let pod_files = WritePodFilesRequest { hosts: b"127.0.0.1 localhost\n".to_vec(), resolv_conf: b"nameserver 10.100.0.10\n".to_vec() };
    client.write_pod_files(pod_files).await.expect("pod files");

    let mut request = script(
        "volumes",
        "cat /config/key /config/deep/key /one; echo; cat /etc/resolv.conf; stat -c '%a %g' /data; echo x > /cache/f && echo x > /data/f && echo x > /sub/g && ls /data/deep; echo x 2>&1 > /config/no; echo x > /read-only 2>/dev/null || echo refused; hostname",
    );
    request.read_only_root = true;
    request.mounts = vec![
        mount(named("config"), "", "/config", true),
        mount(named("config"), "key", "/one", true),
        mount(named("cache"), "", "/cache", false),
        mount(named("data"), "", "/data", false),
        mount(named("data"), "deep/er", "/sub", false),
        mount(mount::Source::PodFile(PodFile::ResolvConf.into()), "", "/etc/resolv.conf", false),
    ];
    let (_, text) = run_script(client, request).await;
    assert!(text.contains("newnewnew"), "{text}");
    for expected in ["nameserver 10.100.0.10", "2777 3000", "stdout F er", "Read-only file system", "refused", "web-0"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

async fn mounts_volumes_below_volumes_that_cannot_be_written(client: &mut Client) {
    let program = "cat /config/key /config/renamed /config/a/b/key /config/key-over; echo x > /config/data/w && ls /data; echo; \
        echo x 2>&1 > /config/no || echo x 2>&1 > /config/a/no || echo x 2>&1 > /config/a/b/no; ls /config";
    let mut request = script("nested", program);
    // In no order; depths that the volume has not.
    request.mounts = vec![
        mount(named("config"), "", "/config/a/b", true),
        mount(named("data"), "", "/config/data", false),
        mount(named("config"), "key", "/config/renamed", true),
        mount(named("config"), "deep/key", "/config/key-over", true),
        mount(named("config"), "", "/config", true),
        mount(named("data"), "", "/data", false),
    ];
    request.read_only_root = true;
    let (state, text) = run_script(client, request).await;
    assert!(text.contains("newnewnewnew"), "{text}");
    assert_eq!(text.matches("Read-only file system").count(), 3, "{text}");
    assert!(["stdout F w", "stdout F data", "stdout F renamed"].iter().all(|line| text.contains(line)), "{text}");
    assert_eq!(state.exit_code, 0, "{text}");

    // The volume changes after that as before, and serves the next attempt.
    let file = VolumeFile { path: "key".to_owned(), content: b"newest".to_vec(), mode: 0o444, user: None };
    let files = Files { files: vec![file], fs_group: Some(3000), sticky: false };
    client.write_volume(volume("config", write_volume_request::Kind::Files(files))).await.expect("files");
    let mut request = script("nested-again", "cat /config/key /config/renamed");
    request.mounts = vec![mount(named("config"), "key", "/config/renamed", true), mount(named("config"), "", "/config", true)];
    let (_, text) = run_script(client, request).await;
    assert!(text.contains("newestnewest"), "{text}");
}

async fn keeps_the_image_s_volumes_writable_below_a_read_only_root(client: &mut Client) {
    let text = "cat /etc/passwd; echo x > /etc/made && cat /etc/made; echo x > /new/deep/file && echo x > /new/deep/below/w && ls /new/deep/below; \
        echo x > /tmp/no || echo x > /bin/no || ls /home; grep -c ' /new/deep ' /proc/mounts";
    let mut request = script("image-volumes", text);
    request.read_only_root = true;
    request.image_volumes = ["/etc", "/new/deep", "/home"].map(str::to_owned).to_vec();
    request.mounts = vec![mount(named("config"), "", "/home", true), mount(named("data"), "", "/new/deep/below", false)];
    let (state, text) = run_script(client, request).await;
    assert!(["app:x:1000", "stdout F x", "stdout F w", "stdout F key"].iter().all(|line| text.contains(line)), "{text}");
    assert_eq!(text.matches("Read-only file system").count(), 2, "{text}");
    assert_eq!(state.exit_code, 0, "{text}");
}

async fn enters_a_working_directory_that_the_image_lacks(client: &mut Client) {
    for (id, folder, user) in [("work-root", "/work/here", 0), ("work-user", "/work/here", 1000), ("work-closed", "/closed", 1000)] {
        let mut request = script(id, "echo in $(pwd)");
        request.read_only_root = true;
        request.working_directory = folder.to_owned();
        request.user = Some(User { uid: Some(user), ..User::default() });
        let (_, text) = run_script(client, request).await;
        assert!(text.contains(&format!("in {folder}")), "{text}");
    }
}

async fn has_the_kernel_settings_of_a_node(client: &mut Client) {
    let names = "vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes";
    // The machine has 256 MiB.
    let text = format!("cd /proc/sys && echo $(cat {names}); dd if=/dev/zero of=/dev/null bs=4294967296 count=0 && echo mapped");
    let (_, text) = run_script(client, script("settings", &text)).await;
    assert!(text.contains("1 0 10 1 1000000 25000000") && text.contains("stdout F mapped"), "{text}");
}

fn volume(name: &str, kind: write_volume_request::Kind) -> WriteVolumeRequest {
    WriteVolumeRequest { name: name.to_owned(), kind: Some(kind) }
}

fn named(name: &str) -> mount::Source {
    mount::Source::Volume(name.to_owned())
}

fn mount(source: mount::Source, sub_path: &str, destination: &str, read_only: bool) -> Mount {
    Mount { source: Some(source), sub_path: sub_path.to_owned(), destination: destination.to_owned(), read_only, ..Mount::default() }
}

async fn mounts_an_image_as_data(client: &mut Client) {
    let image = write_volume_request::Kind::Image(ImageVolume { disk_slot: 1 });
    for _ in 0..2 {
        client.write_volume(volume("image", image.clone())).await.expect("image");
    }
    let text = "cat /image/etc/group /etc-of-it/passwd; /image/bin/busybox true; echo x > /image/no";
    let mut request = script("image-volume", text);
    request.mounts = vec![mount(named("image"), "", "/image", true), mount(named("image"), "etc", "/etc-of-it", true)];
    let (_, text) = run_script(client, request).await;
    for expected in ["extra:x:2000:app", "/home/app", "/image/bin/busybox: Permission denied", "Read-only file system"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

async fn refuses_a_sub_path_that_leads_out_of_its_volume(client: &mut Client) {
    let directory =
        write_volume_request::Kind::EmptyDirectory(EmptyDirectory { fs_group: Some(123), memory: true, ..EmptyDirectory::default() });
    client.write_volume(volume("links", directory)).await.expect("directory");
    let mut request = script("linker", "mkdir /v/in && ln -s in /v/near && ln -s /etc /v/far && ln -s ../.. /v/up");
    request.mounts = vec![mount(named("links"), "", "/v", false)];
    assert_eq!(run_script(client, request).await.0.exit_code, 0);

    for path in ["far", "up", "up/made"] {
        let mut request = script("leaves", "true");
        request.mounts = vec![mount(named("links"), path, "/v", false)];
        let (kind, message) = refused(client, request).await;
        let expected = "failed to prepare subPath for volumeMount \"links\" of container \"leaves\": ";
        assert!(kind == Kind::SubPath && message.starts_with(expected), "{kind:?} {message}");
    }
    let mut request = script("stays", "stat -c '%a %u %g' /made; stat -f -c %T /made");
    request.mounts = vec![mount(named("links"), "near/made", "/made", false)];
    let (_, text) = run_script(client, request).await;
    assert!(text.contains("3777 0 123") && text.contains("tmpfs"), "{text}");
}

async fn says_why_a_server_can_not_be_mounted(client: &mut Client) {
    let system = |options: &[&str]| {
        write_volume_request::Kind::NetworkFileSystem(NetworkFileSystem {
            server: "files.example".to_owned(),
            address: "10.1.2.3".to_owned(),
            path: "/data".to_owned(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            read_only: false,
            modules_disk_slot: NFS_SLOT,
        })
    };
    // This machine has no network.
    for (options, why) in [
        (&["vers=4.1"][..], "Network is unreachable"),
        (&["vers=3"][..], "Network is unreachable"),
        (&["vers=4.1", "no-such-option"][..], "an incorrect mount option was specified"),
        (&["vers=2"][..], "requested NFS version or transport protocol is not supported"),
    ] {
        let error = client.write_volume(volume("share", system(options))).await.expect_err("no server");
        let expected = format!("mount of NFS files.example:/data failed: {why}");
        assert_eq!((error.code(), error.message()), (Code::Unavailable, expected.as_str()));
    }
    let mut request = script("without", "true");
    request.mounts = vec![mount(named("share"), "", "/v", false)];
    assert_eq!(refused(client, request).await.0, Kind::Mount);
}

async fn runs_as_the_user_that_was_asked_for(client: &mut Client) {
    let mut request = script(
        "user",
        "id; echo $HOME; pwd; echo hi > /dev/stderr; ulimit -n; grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status",
    );
    request.user = Some(User { name: "app".to_owned(), supplemental_groups: vec![5000], ..User::default() });
    request.working_directory = "/made/here".to_owned();
    request.resources = Some(Resources { nofile_soft: 100, nofile_hard: 200, ..Resources::default() });
    request.security.as_mut().expect("security").no_new_privileges = true;
    let (state, text) = run_script(client, request).await;
    assert_eq!(state.exit_code, 0, "{text}");
    for expected in [
        "uid=1000(app) gid=1000(app)",
        "2000(extra)",
        "5000",
        "/home/app",
        "/made/here",
        "stderr F hi",
        "F 100",
        "CapEff:\t0000000000000000",
        "00000000a80425fb",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }

    let mut request = script("root-refused", "true");
    request.user = Some(User { must_run_as_non_root: true, ..User::default() });
    let message = "container has runAsNonRoot and image will run as root".to_owned();
    assert_eq!(refused(client, request).await, (Kind::RootUser, message));
}

async fn keeps_the_container_in_its_place(client: &mut Client) {
    let text = "echo pid $$; ps | wc -l; mount -t tmpfs none /tmp 2>/dev/null || echo no-mount; unshare -m true 2>/dev/null || echo no-unshare; \
        echo 1 > /proc/sys/kernel/panic || echo no-sysctl; mknod /tmp/disk b 254 0 && (cat /tmp/disk >/dev/null 2>&1 || echo no-disk); \
        ls /scratch /modules 2>/dev/null || echo no-guest; cat /proc/1/cgroup; ls -ld /proc/kcore; test -r /dev/null && echo hi > /dev/null && echo devices; \
        grep CapEff /proc/self/status; chroot / true && echo chroot; ls /proc/self/fd | wc -l; mount | grep -c scratch";
    let (_, text) = run_script(client, script("place", text)).await;
    for expected in [
        "pid 1",
        "no-mount",
        "no-unshare",
        "no-sysctl",
        "no-disk",
        "no-guest",
        "0::/",
        "devices",
        "CapEff:\t00000000a80425fb",
        "F chroot",
        "F 4",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

async fn looks_at_the_processes_of_another(client: &mut Client) {
    start(client, script("seen", "exec sleep 4321")).await;
    let mut request = script("debugger", "ps");
    request.processes_of_container = "seen".to_owned();
    let (state, text) = run_script(client, request).await;
    assert!(state.exit_code == 0 && text.contains("1 root     sleep 4321"), "{text}");

    let mut request = script("nobody", "ps");
    request.processes_of_container = "nobody".to_owned();
    assert_eq!(refused(client, request).await, (Kind::Target, "unable to find target container nobody".to_owned()));
    let kill = SignalContainerRequest { container_id: "seen".to_owned(), signal: 9, all_processes: true };
    client.signal_container(kill).await.expect("kill");
    ended(client, "seen").await;
}

async fn kills_what_takes_too_much_memory(client: &mut Client) {
    let mut request = script("hungry", "x=x; while true; do x=$x$x; done");
    request.resources =
        Some(Resources { memory_max_bytes: 16 << 20, pids_max: 50, cpu_weight: 100, cpu_quota_micros: 90_000, ..Resources::default() });
    let (state, _) = run_script(client, request).await;
    assert_eq!((state.exit_code, state.oom_killed), (137, true));
    assert_eq!(log(client, "hungry").await, "");
}
