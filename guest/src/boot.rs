//! What PID 1 does before anything else: a root that containers can pivot away from, kernel modules, file systems, cgroups.

use std::fs;
use std::os::fd::AsRawFd;
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};

/// Where everything of ours lives inside the machine.
pub const RUN: &str = "/run/monopod";
pub const CGROUPS: &str = "/sys/fs/cgroup";

/// Brings the machine from "the kernel started us" to "containers can be made". Fails only when the machine is of no use.
pub fn boot() -> Result<()> {
    leave_initial_root().context("move the root")?;
    mount_kernel_file_systems()?;
    require_timers(Path::new("/sys/devices/system/clockevents"));
    load_modules(Path::new("/modules")).context("load kernel modules")?;
    enable_cgroup_controllers();
    fs::create_dir_all(format!("{RUN}/volumes"))?;
    Ok(())
}

/// The initial root can't be the old root of `pivot_root`, which every container does; a bind mount of it can.
fn leave_initial_root() -> Result<()> {
    fs::create_dir_all("/root")?;
    bind("/", "/root")?;
    std::env::set_current_dir("/root")?;
    mount(Some("."), "/", None::<&str>, MsFlags::MS_MOVE, None::<&str>)?;
    nix::unistd::chroot(".")?;
    std::env::set_current_dir("/")?;
    Ok(())
}

fn bind(source: &str, target: &str) -> Result<()> {
    mount(Some(source), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    Ok(())
}

fn mount_kernel_file_systems() -> Result<()> {
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let device = MsFlags::MS_NOSUID;
    let table: [(&str, &str, MsFlags, &str); 8] = [
        ("proc", "/proc", strict, ""),
        ("sysfs", "/sys", strict, ""),
        ("devtmpfs", "/dev", device, "mode=0755"),
        ("devpts", "/dev/pts", device | MsFlags::MS_NOEXEC, "mode=0620,gid=5,ptmxmode=0666"),
        ("tmpfs", "/dev/shm", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "mode=1777"),
        ("tmpfs", "/run", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "mode=0755"),
        ("tmpfs", "/tmp", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "mode=1777"),
        ("cgroup2", CGROUPS, strict, "nsdelegate,memory_recursiveprot"),
    ];
    for (kind, target, flags, data) in table {
        fs::create_dir_all(target).with_context(|| format!("create {target}"))?;
        mount(Some(kind), target, Some(kind), flags, Some(data)).with_context(|| format!("mount {kind} at {target}"))?;
    }
    Ok(())
}

/// Loads what the build put into that folder, in its order. A module that is built in or loaded already is no error.
pub fn load_modules(folder: &Path) -> Result<()> {
    let Ok(order) = fs::read_to_string(folder.join("order")) else { return Ok(()) };
    for name in order.lines() {
        let path = folder.join(name);
        let file = fs::File::open(&path).with_context(|| format!("open {}", path.display()))?;
        // SAFETY: the descriptor is open for the whole call, and the parameter string is a constant that ends in NUL.
        let result = unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), c"".as_ptr(), 0) };
        if result != 0 {
            let error = std::io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EEXIST) {
                eprintln!("guest: module {name}: {error}");
            }
        }
    }
    Ok(())
}

/// On a busy host without KVM the kernel sometimes measures nothing when it calibrates a processor's timer, and gives it up; then
/// nothing that sleeps wakes up any more, an orderly restart included. PID 1 ends, which ends the machine at once (`panic=-1`), and
/// the agent starts another.
fn require_timers(clock_events: &Path) {
    if let Some(processor) = without_timer(clock_events) {
        eprintln!("guest: {processor} has no timer of its own: the machine ends");
        std::process::exit(1);
    }
}

/// A processor whose timer is not that of its APIC.
fn without_timer(clock_events: &Path) -> Option<String> {
    for entry in fs::read_dir(clock_events).ok()?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let device = fs::read_to_string(entry.path().join("current_device"));
        if name.starts_with("clockevent") && device.is_ok_and(|device| !device.starts_with("lapic")) {
            return Some(name);
        }
    }
    None
}

fn enable_cgroup_controllers() {
    for controller in ["cpu", "memory", "pids", "io", "cpuset"] {
        // One at a time: a kernel without one of them must not lose the others.
        if let Err(error) = fs::write(format!("{CGROUPS}/cgroup.subtree_control"), format!("+{controller}")) {
            eprintln!("guest: cgroup controller {controller}: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_processor_that_lost_its_timer() {
        let folder = tempfile::tempdir().unwrap();
        let device = |name: &str, device: &str| {
            fs::create_dir_all(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("current_device"), device).unwrap();
        };
        assert_eq!(without_timer(&folder.path().join("none")), None);
        device("broadcast", "pit\n");
        device("clockevent0", "lapic-deadline\n");
        device("clockevent1", "lapic\n");
        assert_eq!(without_timer(folder.path()), None);
        device("clockevent1", "pit\n");
        assert_eq!(without_timer(folder.path()).as_deref(), Some("clockevent1"));
    }
}
