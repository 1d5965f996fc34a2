//! The jail's file system: nothing of the host but the programs that it ships and what the plan names.

use crate::Told;
use crate::plan::Plan;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, SFlag, makedev, mknod, umask};
use nix::unistd::{chdir, pivot_root};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const NOTHING: Option<&Path> = None;

/// Folders of programs and libraries, or links to them, as distributions differ.
const SHIPPED: [&str; 6] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/// Finds libraries quickly.
const LIBRARY_CACHE: &str = "/etc/ld.so.cache";

/// Makes a new root of the calling process' mount namespace, and lets go of the old one.
pub fn change(plan: &Plan) -> Result<(), String> {
    umask(Mode::from_bits_truncate(0o022));
    mount(NOTHING, "/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING).told("cannot make mounts private")?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let options = Some("mode=0755,size=256k,nr_inodes=256");
    mount(Some("monopod-jail"), &plan.root, Some("tmpfs"), flags, options).told(format_args!("cannot mount {}", plan.root.display()))?;
    for path in SHIPPED.map(Path::new) {
        match fs::read_link(path) {
            Ok(target) => symlink(target, inside(plan, path)).told(format_args!("cannot link {}", path.display()))?,
            Err(_) if path.is_dir() => show(plan, path, MsFlags::MS_RDONLY)?,
            Err(_) => {}
        }
    }
    let nothing_runs = MsFlags::MS_NOEXEC;
    if Path::new(LIBRARY_CACHE).exists() {
        show(plan, Path::new(LIBRARY_CACHE), nothing_runs | MsFlags::MS_RDONLY)?;
    }
    for path in plan.readable.iter().filter(|path| !is_shipped(plan, path)) {
        show(plan, path, nothing_runs | MsFlags::MS_RDONLY)?;
    }
    for path in plan.runnable.iter().filter(|path| !is_shipped(plan, path)) {
        show(plan, path, MsFlags::MS_RDONLY)?;
    }
    for path in &plan.writable {
        show(plan, path, nothing_runs)?;
    }
    devices(plan)?;
    processes(plan)?;
    chdir(&plan.root).told("cannot enter the new root")?;
    // Both are the current folder: the old root comes to lie over the new one, and goes.
    pivot_root(".", ".").told("cannot change the root")?;
    umount2(".", MntFlags::MNT_DETACH).told("cannot leave the old root")?;
    chdir("/").told("cannot enter /")?;
    let sealed = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | flags;
    mount(NOTHING, "/", NOTHING, sealed, NOTHING).told("cannot make the root read-only")
}

/// Whether it is there already, to be read alone, as what a package of Monopod has in /usr. Nothing can be mounted there.
fn is_shipped(plan: &Plan, path: &Path) -> bool {
    SHIPPED.iter().any(|folder| path.starts_with(folder)) && inside(plan, path).exists()
}

fn inside(plan: &Plan, path: &Path) -> PathBuf {
    plan.root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Shows a file or folder of the host at the same path.
fn show(plan: &Plan, path: &Path, flags: MsFlags) -> Result<(), String> {
    let told = format_args!("cannot show {}", path.display()).to_string();
    let target = inside(plan, path);
    if path.is_dir() {
        fs::create_dir_all(&target).told(&told)?;
    } else {
        fs::create_dir_all(target.parent().unwrap_or(&plan.root)).told(&told)?;
        File::create(&target).told(&told)?;
    }
    mount(Some(path), &target, NOTHING, MsFlags::MS_BIND, NOTHING).told(&told)?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | flags;
    mount(NOTHING, &target, NOTHING, flags, NOTHING).told(&told)
}

fn devices(plan: &Plan) -> Result<(), String> {
    let folder = plan.root.join("dev");
    fs::create_dir(&folder).told("cannot make /dev")?;
    let device = |name: &str, mode: u32, major: u64, minor: u64| {
        mknod(&folder.join(name), SFlag::S_IFCHR, Mode::from_bits_truncate(mode), makedev(major, minor))
            .told(format_args!("cannot make /dev/{name}"))
    };
    // Whoever is in the jail may use them.
    let mask = umask(Mode::empty());
    device("null", 0o666, 1, 3)?;
    device("urandom", 0o444, 1, 9)?;
    if plan.kvm {
        device("kvm", 0o666, 10, 232)?;
    }
    umask(mask);
    Ok(())
}

/// Shows the jail's own processes alone, and no settings of the kernel.
fn processes(plan: &Plan) -> Result<(), String> {
    let folder = plan.root.join("proc");
    fs::create_dir(&folder).told("cannot make /proc")?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC | MsFlags::MS_RDONLY;
    mount(Some("proc"), &folder, Some("proc"), flags, Some("hidepid=2,subset=pid")).told("cannot mount /proc")
}
