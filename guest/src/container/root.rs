//! The container's file system, made by the process that will live in it, in its own mount namespace.
//!
//! Every mount of it but the bound device nodes is `nodev`: a container with CAP_MKNOD may make nodes, and can't open them.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, pivot_root, sethostname};

use super::spec::{Failure, FailureKind, MountSpec, RootSpec};
use crate::inroot::{self, Kind};
use crate::volumes;

/// What a kubelet has masked; the folders of [`PER_PROCESSOR`] too.
const MASKED: [&str; 12] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];
const PROCESSORS: &str = "/sys/devices/system/cpu";
const PER_PROCESSOR: &str = "thermal_throttle";
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
const LINKS: [(&str, &str); 6] = [
    ("pts/ptmx", "ptmx"),
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
    ("/proc/kcore", "core"),
];

/// Why there is no root.
#[derive(Debug)]
pub enum Error {
    /// A part of the volume can't be mounted; the pod's owner can mend that while the container waits.
    SubPath(String),
    Mount(anyhow::Error),
    Machine(anyhow::Error),
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Machine(error)
    }
}

impl From<nix::Error> for Error {
    fn from(error: nix::Error) -> Self {
        Self::Machine(error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::SubPath(message) => Self::new(FailureKind::SubPath, message),
            Error::Mount(error) => Self::new(FailureKind::Mount, format!("{error:#}")),
            Error::Machine(error) => error.into(),
        }
    }
}

/// Makes the root and moves this process into it; nothing of the machine's files is reachable afterwards. [`seal`] comes once all of
/// the root is made.
pub fn enter(spec: &RootSpec) -> Result<(), Error> {
    change("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE).context("make mounts private")?;
    let root = spec.folder.join("root");
    mount_overlay(spec, &root).context("mount the root")?;
    mount_system(&root)?;
    mount_devices(&root)?;
    if spec.read_only {
        keep_writable(&root, &spec.image_volumes)?;
    }
    mount_volumes(&root, &spec.mounts)?;
    if let Some(name) = &spec.hostname {
        sethostname(name).context("set the host name")?;
    }
    chdir(&root)?;
    pivot_root(".", ".").context("change the root")?;
    umount2(".", MntFlags::MNT_DETACH).context("leave the old root")?;
    chdir("/")?;
    if !spec.unmasked_proc {
        protect()?;
    }
    Ok(())
}

/// From here on the container's root is as it may be; the process is in it already.
pub fn seal(spec: &RootSpec) -> Result<(), Error> {
    if spec.read_only {
        let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | MsFlags::MS_NODEV;
        change("/", flags).context("make the root read-only")?;
    }
    Ok(())
}

/// Makes each a mount of its own, of the folder that the image has there: what happens to the root's mount does not happen to it. What
/// the pod mounts at the same place or above it comes later, and hides it.
fn keep_writable(root: &Path, image_volumes: &[String]) -> Result<(), Error> {
    for volume in by_depth(image_volumes, |volume| volume) {
        let bound = inroot::open(root, volume, Kind::Folder).and_then(|place| bind(&inroot::path_of(&place), &inroot::path_of(&place)));
        bound.map_err(|error| Error::Mount(error.context(format!("keep the image's volume {volume} writable"))))?;
    }
    Ok(())
}

/// A mount may lie below another, and its mount point is then made within that volume: so what is read-only becomes that at last.
fn mount_volumes(root: &Path, mounts: &[MountSpec]) -> Result<(), Error> {
    let mut still_writable = Vec::new();
    for spec in by_depth(mounts, |mount| &mount.destination) {
        let source = source_of(spec)?;
        let mounted = bind_into(root, &source, spec).map_err(|error| not_mounted(spec, error))?;
        if spec.read_only && spec.takes_mounts {
            still_writable.push((spec, mounted));
        }
    }
    for (spec, mounted) in still_writable {
        // The container's other mounts below it are not the volume's, so never recursively.
        set_read_only(&mounted, false).map_err(|error| not_mounted(spec, error))?;
    }
    Ok(())
}

/// What lies above comes first.
fn by_depth<T>(all: &[T], place: impl Fn(&T) -> &str) -> Vec<&T> {
    let mut sorted: Vec<&T> = all.iter().collect();
    sorted.sort_by_key(|one| Path::new(place(one)).components().count());
    sorted
}

fn mount_overlay(spec: &RootSpec, root: &Path) -> Result<()> {
    for name in ["root", "upper", "work"] {
        fs::create_dir_all(spec.folder.join(name))?;
    }
    let options = format!(
        "lowerdir={},upperdir={},workdir={},volatile",
        spec.image.display(),
        spec.folder.join("upper").display(),
        spec.folder.join("work").display()
    );
    mount(Some("overlay"), root, Some("overlay"), MsFlags::MS_NODEV, Some(options.as_str()))?;
    Ok(())
}

fn mount_system(root: &Path) -> Result<()> {
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    attach(root, "proc", "/proc", strict, "")?;
    attach(root, "sysfs", "/sys", strict | MsFlags::MS_RDONLY, "")?;
    attach(root, "cgroup2", "/sys/fs/cgroup", strict | MsFlags::MS_RDONLY, "")?;
    attach(root, "tmpfs", "/dev", MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_STRICTATIME, "mode=755,size=64k")?;
    attach(root, "devpts", "/dev/pts", MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5")?;
    // One for all containers of the pod, as their System V memory and message queues are.
    let shared = inroot::open(root, "/dev/shm", Kind::Folder)?;
    bind(&volumes::shared_memory(), &inroot::path_of(&shared)).context("bind the pod's shared memory")?;
    if let Err(error) = attach(root, "mqueue", "/dev/mqueue", strict, "") {
        eprintln!("guest: {error:#}");
    }
    Ok(())
}

fn attach(root: &Path, kind: &str, target: &str, flags: MsFlags, options: &str) -> Result<()> {
    let place = inroot::open(root, target, Kind::Folder)?;
    mount(Some(kind), &inroot::path_of(&place), Some(kind), flags, Some(options)).with_context(|| format!("mount {kind} at {target}"))?;
    Ok(())
}

fn mount_devices(root: &Path) -> Result<()> {
    for name in DEVICES {
        let place = inroot::open(root, &format!("/dev/{name}"), Kind::File)?;
        bind(&Path::new("/dev").join(name), &inroot::path_of(&place)).with_context(|| format!("bind /dev/{name}"))?;
    }
    // /dev is the tmpfs that was just mounted, so these names can't be links that the image made.
    let folder = inroot::open(root, "/dev", Kind::Folder)?;
    for (target, name) in LINKS {
        symlink(target, inroot::path_of(&folder).join(name)).with_context(|| format!("link /dev/{name}"))?;
    }
    Ok(())
}

/// Puts the terminal where programs look for the console; the container's root is `/` already.
pub fn make_console(terminal: &OwnedFd) -> Result<()> {
    let place = inroot::open(Path::new("/"), "/dev/console", Kind::File)?;
    bind(&inroot::path_of(terminal), &inroot::path_of(&place))
}

/// What is mounted: a volume, or a part of it.
fn source_of(spec: &MountSpec) -> Result<OwnedFd, Error> {
    if spec.sub_path.is_empty() {
        return inroot::open_source(&spec.source).map_err(|error| not_mounted(spec, error));
    }
    inroot::open(&spec.source, &spec.sub_path, Kind::FolderUnlessPresent)
        .map_err(|error| Error::SubPath(format!("failed to prepare subPath for {}: {error:#}", spec.label)))
}

fn not_mounted(spec: &MountSpec, error: anyhow::Error) -> Error {
    Error::Mount(error.context(format!("mount {} at {}", spec.source.display(), spec.destination)))
}

/// The descriptor is of the mount's root; it is read-only already where nothing has to be made in it.
fn bind_into(root: &Path, source: &OwnedFd, spec: &MountSpec) -> Result<OwnedFd> {
    let kind = if inroot::path_of(source).is_dir() { Kind::Folder } else { Kind::File };
    let place = inroot::open(root, &spec.destination, kind)?;
    bind(&inroot::path_of(source), &inroot::path_of(&place))?;
    // Opened again, since the first descriptor is of what the mount now hides.
    let mounted = inroot::open(root, &spec.destination, kind)?;
    if spec.read_only && !spec.takes_mounts {
        set_read_only(&mounted, spec.recursive)?;
    }
    Ok(mounted)
}

fn set_read_only(mounted: &OwnedFd, recursive: bool) -> Result<()> {
    inroot::set_read_only(mounted, recursive).context("make it read-only")
}

fn protect() -> Result<()> {
    for path in READ_ONLY.iter().filter(|path| Path::new(path).exists()) {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC | MsFlags::MS_RDONLY;
        bind(Path::new(path), Path::new(path))?;
        change(path, MsFlags::MS_BIND | MsFlags::MS_REMOUNT | flags)?;
    }
    let throttles = fs::read_dir(PROCESSORS).into_iter().flatten().flatten().map(|entry| entry.path().join(PER_PROCESSOR));
    for path in MASKED.iter().map(PathBuf::from).chain(throttles).filter(|path| path.exists()) {
        if path.is_dir() {
            mount(Some("tmpfs"), &path, Some("tmpfs"), MsFlags::MS_RDONLY, Some("size=0k"))?;
        } else {
            bind(Path::new("/dev/null"), &path)?;
        }
    }
    Ok(())
}

fn bind(source: &Path, target: &Path) -> Result<()> {
    mount(Some(source), target, None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>)?;
    Ok(())
}

fn change(target: &str, flags: MsFlags) -> Result<()> {
    mount(None::<&str>, target, None::<&str>, flags, None::<&str>)?;
    Ok(())
}
