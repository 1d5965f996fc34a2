//! A real machine under QEMU for a test: started with a scratch disk and a busybox image, killed when dropped.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use monopod_guest::protocol::guest_client::GuestClient;
use monopod_guest::protocol::*;
use tonic::transport::{Channel, Endpoint};

pub type Client = GuestClient<Channel>;

/// Generous, for a host that does much else.
const BOOT_TIMEOUT: Duration = Duration::from_secs(120);

/// A disk that is empty when the machine starts, as an image's is while it is pulled: slot 2.
pub const LATE_IMAGE: &str = "late.squashfs";

/// The disk with the kernel's modules for NFS.
pub const NFS_SLOT: u32 = 3;

pub struct Machine {
    qemu: Child,
    pub folder: tempfile::TempDir,
    started: Instant,
}

impl Machine {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let artefacts = artefacts();
        let scratch = folder.path().join("scratch.ext4");
        run(Command::new("truncate").args(["-s", "256M"]).arg(&scratch));
        run(Command::new("/usr/sbin/mkfs.ext4").args(["-q", "-F"]).arg(&scratch));
        let image = busybox_image(folder.path());
        let late_image = folder.path().join(LATE_IMAGE);
        run(Command::new("truncate").args(["-s", "64M"]).arg(&late_image));
        let console = std::fs::File::create(folder.path().join("console")).expect("console file");
        let qemu = Command::new("qemu-system-x86_64")
            .args(["-M", "microvm,x-option-roms=off,isa-serial=on,ioapic2=on", "-accel", "tcg,thread=multi,tb-size=64", "-cpu", "max"])
            .args(["-m", "256M", "-smp", "1", "-nodefaults", "-no-user-config", "-nographic", "-no-reboot"])
            .arg("-kernel")
            .arg(artefacts.join("vmlinuz"))
            .arg("-initrd")
            .arg(artefacts.join("initramfs.cpio.gz"))
            .args(["-append", &kernel_arguments()])
            .args(["-serial", "stdio"])
            .arg("-chardev")
            .arg(format!("socket,id=channel,path={},server=on,wait=off", folder.path().join("channel").display()))
            // The kernel finds the buses from the last to the first, and a channel on bus 0 never answers.
            .args(["-device", "virtio-serial-device,bus=virtio-mmio-bus.23,max_ports=2"])
            .args(["-device", "virtserialport,chardev=channel,name=dev.monopod.guest"])
            .args(["-netdev", "user,id=network,restrict=on"])
            .args(["-device", "virtio-net-device,netdev=network,mac=02:00:00:00:00:01,bus=virtio-mmio-bus.22"])
            .args(drive("scratch", &scratch, false, 21))
            .args(drive("image", &image, true, 20))
            .args(drive("late", &late_image, true, 19))
            .args(drive("nfs", &artefacts.join("nfs.squashfs"), true, 18))
            .stdin(Stdio::null())
            .stdout(console.try_clone().expect("console"))
            .stderr(console)
            .spawn()
            .expect("qemu-system-x86_64");
        Self { qemu, folder, started: Instant::now() }
    }

    /// A machine that was configured, and a client of it.
    pub async fn ready() -> (Self, Client) {
        let machine = Self::start();
        let mut client = machine.connect().await;
        client.configure(identity("machine-1")).await.unwrap_or_else(|status| panic!("{status}\n{}", machine.console()));
        println!("first Configure answered after {:?}", machine.started.elapsed());
        (machine, client)
    }

    /// Waits for QEMU's socket; the first call then waits for the guest.
    pub async fn connect(&self) -> Client {
        let path = self.folder.path().join("channel");
        let deadline = Instant::now() + BOOT_TIMEOUT;
        // A connection that is closed unused does no harm: the guest waits for the preface.
        while std::os::unix::net::UnixStream::connect(&path).is_err() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let connector = tower::service_fn(move |_| {
            let path = path.clone();
            async move { Ok::<_, std::io::Error>(TokioIo::new(tokio::net::UnixStream::connect(path).await?)) }
        });
        let endpoint = Endpoint::from_static("http://guest").timeout(BOOT_TIMEOUT);
        GuestClient::new(endpoint.connect_with_connector(connector).await.expect("connect to the machine's channel"))
    }

    /// Writes the image into the disk that was empty so far.
    pub fn fill_late_image(&self) {
        let image = std::fs::read(self.folder.path().join("image.squashfs")).expect("image");
        let mut disk = std::fs::File::options().write(true).open(self.folder.path().join(LATE_IMAGE)).expect("disk");
        std::io::Write::write_all(&mut disk, &image).expect("fill");
    }

    pub fn console(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("console")).unwrap_or_default()
    }

    pub async fn wait_until_off(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if self.qemu.try_wait().expect("wait for QEMU").is_some() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
        if std::thread::panicking() {
            eprintln!("console:\n{}", self.console());
        }
    }
}

pub fn identity(machine_id: &str) -> ConfigureRequest {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("clock");
    ConfigureRequest {
        machine_id: machine_id.to_owned(),
        hostname: "web-0".to_owned(),
        domain_name: String::new(),
        unix_time_nanos: now.as_nanos() as i64,
        entropy: vec![7; 64],
        network: None,
        scratch_disk_slot: 0,
        sysctls: [("net.ipv4.ip_unprivileged_port_start".to_owned(), "0".to_owned())].into(),
        share_process_namespace: false,
        own_user_namespace: false,
        pod_resources: None,
    }
}

/// A busy host can't emulate the timer well enough for the kernel to calibrate by it, and the boot hangs: so the kernel is told.
fn kernel_arguments() -> String {
    let processors = std::fs::read_to_string("/proc/cpuinfo").expect("/proc/cpuinfo");
    let line = processors.lines().find(|line| line.starts_with("cpu MHz")).expect("a clock rate");
    let megahertz: f64 = line.rsplit(':').next().expect("value").trim().parse().expect("number");
    let kilohertz = (megahertz * 1000.0) as u64;
    format!("console=ttyS0 quiet panic=-1 reboot=t no_timer_check lpj=4000000 tsc=reliable tsc_early_khz={kilohertz}")
}

fn drive(id: &str, path: &Path, read_only: bool, bus: u32) -> [String; 4] {
    let access = if read_only { "on" } else { "off" };
    [
        "-drive".to_owned(),
        format!("id={id},file={},format=raw,if=none,file.locking=off,read-only={access}", path.display()),
        "-device".to_owned(),
        format!("virtio-blk-device,drive={id},bus=virtio-mmio-bus.{bus}"),
    ]
}

fn artefacts() -> PathBuf {
    let folder = std::env::var("MONOPOD_DIST").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../dist").to_owned());
    let folder = Path::new(&folder).join("guest");
    assert!(folder.join("initramfs.cpio.gz").exists(), "run guest/build.sh first: nothing in {}", folder.display());
    folder
}

/// Debian's static busybox with its applets, a few users and an unwritable program.
fn busybox_image(folder: &Path) -> PathBuf {
    let root = folder.join("root");
    for name in ["bin", "etc", "tmp", "home/app", "var"] {
        std::fs::create_dir_all(root.join(name)).expect("image folder");
    }
    // Not by this process: what another thread starts meanwhile would hold the file open for writing, and nobody may run it then.
    run(Command::new("cp").arg("/usr/bin/busybox").arg(root.join("bin/busybox")));
    run(Command::new("chroot").arg(&root).args(["/bin/busybox", "--install", "-s", "/bin"]));
    std::fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n").expect("passwd");
    std::fs::write(root.join("etc/group"), "root:x:0:\napp:x:1000:\nextra:x:2000:app\n").expect("group");
    std::fs::write(root.join("bin/not-executable"), "#!/bin/sh\n").expect("file");
    run(Command::new("chmod").arg("1777").arg(root.join("tmp")));
    std::fs::create_dir(root.join("closed")).expect("folder");
    run(Command::new("chmod").arg("700").arg(root.join("closed")));
    capable_program(&root.join("bin/busybox-capable"));
    let image = folder.join("image.squashfs");
    run(Command::new("mksquashfs").arg(&root).arg(&image).args(["-quiet", "-no-progress", "-noappend", "-comp", "gzip"]));
    image
}

/// busybox once more, that may do what CAP_NET_RAW allows whoever runs it.
fn capable_program(path: &Path) {
    std::fs::copy("/usr/bin/busybox", path).expect("busybox-static");
    // struct vfs_cap_data: revision 2 and effective, the permitted set's low word, its inheritable set, both again for the high words.
    let mut value = [0; 20];
    value[..4].copy_from_slice(&0x0200_0001_u32.to_le_bytes());
    value[4..8].copy_from_slice(&(1_u32 << 13).to_le_bytes());
    let path = std::ffi::CString::new(path.to_str().expect("path")).expect("path");
    // SAFETY: both strings end in NUL, and the length is the value's.
    let result = unsafe { libc::setxattr(path.as_ptr(), c"security.capability".as_ptr(), value.as_ptr().cast(), value.len(), 0) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The capabilities that containers get by default.
const CAPABILITIES: [&str; 14] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
];

/// A container that runs a shell script in the busybox image.
pub fn script(id: &str, text: &str) -> StartContainerRequest {
    StartContainerRequest {
        container_id: id.to_owned(),
        name: id.to_owned(),
        image_disk_slot: 1,
        args: ["sh", "-c", text].map(str::to_owned).to_vec(),
        security: Some(Security { capabilities: CAPABILITIES.map(str::to_owned).to_vec(), ..Security::default() }),
        termination_message_path: "/dev/termination-log".to_owned(),
        ..StartContainerRequest::default()
    }
}

/// Waits until the container has ended, by watching.
pub async fn ended(client: &mut Client, id: &str) -> ContainerState {
    let mut states = client.watch_containers(WatchContainersRequest {}).await.expect("watch").into_inner();
    loop {
        let state = states.message().await.expect("state").expect("the stream does not end");
        if state.container_id == id && state.phase() == container_state::Phase::Exited {
            return state;
        }
    }
}

/// The whole log, without the times.
pub async fn log(client: &mut Client, id: &str) -> String {
    let request = ReadLogRequest { container_id: id.to_owned(), offset: 0, follow: true };
    let mut chunks = client.read_log(request).await.expect("log").into_inner();
    let mut text = Vec::new();
    while let Some(chunk) = chunks.message().await.expect("chunk") {
        assert_eq!(chunk.offset, text.len() as u64);
        text.extend(chunk.data);
    }
    let lines = String::from_utf8_lossy(&text).lines().map(|line| line.split_once(' ').expect("record").1.to_owned()).collect::<Vec<_>>();
    lines.join("\n")
}

pub async fn start(client: &mut Client, request: StartContainerRequest) -> ContainerStarted {
    match client.start_container(request).await.expect("start").into_inner().outcome {
        Some(start_container_response::Outcome::Started(started)) => started,
        other => panic!("not started: {other:?}"),
    }
}

/// Why a container is not started.
pub async fn refused(client: &mut Client, request: StartContainerRequest) -> (start_refusal::Kind, String) {
    match client.start_container(request).await.expect("start").into_inner().outcome {
        Some(start_container_response::Outcome::Refused(refusal)) => (refusal.kind(), refusal.message),
        other => panic!("not refused: {other:?}"),
    }
}

/// Runs a script to its end: its state and its log.
pub async fn run_script(client: &mut Client, request: StartContainerRequest) -> (ContainerState, String) {
    let id = request.container_id.clone();
    start(client, request).await;
    let state = ended(client, &id).await;
    (state, log(client, &id).await)
}
