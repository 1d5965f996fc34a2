//! Process 1 of a pod that shares its process namespace: holds the namespace, and takes up what others leave behind.
//!
//! Every container of the pod sees it, so it has nothing: an empty root, no capability, a user that nothing else has.

use std::ffi::CString;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Gid, Uid, chdir, pivot_root, setgroups, setresgid, setresuid};

use super::identity;
use super::spec::Failure;
use crate::boot;

/// Name of the program, as `ps` shows it.
pub const NAME: &str = "/pause";
/// As in the image that Kubernetes uses for it.
const USER: u32 = 65535;

/// Becomes the program, in the process namespace that it is to hold. Returns only on failure.
pub fn become_it() -> Result<(), Failure> {
    let program = File::open("/proc/self/exe")?;
    leave_everything()?;
    identity::drop_capabilities(&[])?;
    setgroups(&[])?;
    setresgid(Gid::from_raw(USER), Gid::from_raw(USER), Gid::from_raw(USER))?;
    setresuid(Uid::from_raw(USER), Uid::from_raw(USER), Uid::from_raw(USER))?;
    nix::sys::prctl::set_no_new_privs()?;
    // SAFETY: no descriptor of ours is used after the program runs; on failure they stay open.
    unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    let name = CString::new(NAME).expect("a constant without NUL");
    let arguments = [name.as_ptr(), std::ptr::null()];
    let environment = [std::ptr::null::<libc::c_char>()];
    // SAFETY: all three arrays end in null and outlive the call, which returns only on failure.
    unsafe {
        libc::execveat(program.as_raw_fd(), c"".as_ptr(), arguments.as_ptr().cast(), environment.as_ptr().cast(), libc::AT_EMPTY_PATH);
    }
    Err(std::io::Error::last_os_error().into())
}

fn leave_everything() -> Result<(), Failure> {
    let root = Path::new(boot::RUN).join("pause");
    fs::create_dir_all(&root)?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("tmpfs"), &root, Some("tmpfs"), flags, Some("size=0k,mode=555"))?;
    chdir(&root)?;
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    chdir("/")?;
    Ok(())
}

/// Waits for what others leave behind, until the machine ends. As process 1 it gets no signal but those it handles: none.
pub fn main() -> ! {
    let _ = nix::sys::prctl::set_name(c"pause");
    let ended = SigSet::from(Signal::SIGCHLD);
    let _ = ended.thread_block();
    loop {
        let _ = ended.wait();
        while matches!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Ok(status) if status != WaitStatus::StillAlive) {}
    }
}
