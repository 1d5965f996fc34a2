//! Gives up what root may do, for ever.

use crate::Told;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use std::io::Error;

const VERSION_3: u32 = 0x2008_0522;
const LAST_CAPABILITY: libc::c_ulong = 63;
const JOIN_SESSION_KEYRING: libc::c_int = 1;

pub fn drop_all(user: u32) -> Result<(), String> {
    umask(Mode::from_bits_truncate(0o077));
    // A dump would hold the machine's memory.
    setrlimit(Resource::RLIMIT_CORE, 0, 0).told("cannot forbid core dumps")?;
    for capability in 0..=LAST_CAPABILITY {
        if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } != 0 {
            match Error::last_os_error() {
                unknown if unknown.raw_os_error() == Some(libc::EINVAL) => break,
                error => return Err(format!("cannot drop capability {capability}: {error}")),
            }
        }
    }
    setgroups(&[]).told("cannot leave the groups")?;
    setresgid(Gid::from_raw(user), Gid::from_raw(user), Gid::from_raw(user)).told("cannot change the group")?;
    setresuid(Uid::from_raw(user), Uid::from_raw(user), Uid::from_raw(user)).told("cannot change the user")?;
    no_capabilities()?;
    keyring()?;
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return Err(Error::last_os_error()).told("cannot forbid new rights");
    }
    Ok(())
}

/// A new, empty one instead of root's. A kernel without keys has nothing to hide.
fn keyring() -> Result<(), String> {
    if unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, 0, 0, 0, 0) } < 0 {
        let error = Error::last_os_error();
        if error.raw_os_error() != Some(libc::ENOSYS) {
            return Err(error).told("cannot leave root's keyring");
        }
    }
    Ok(())
}

/// Also those that a program would inherit.
fn no_capabilities() -> Result<(), String> {
    let header = [VERSION_3, 0];
    let sets = [0u32; 6];
    if unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) } != 0 {
        return Err(Error::last_os_error()).told("cannot give up capabilities");
    }
    Ok(())
}
