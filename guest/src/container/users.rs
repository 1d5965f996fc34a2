//! The user namespace of a pod that asked for one: all its containers are in it, and ids in it are those outside.
//!
//! A machine has one pod, so no ids need to be told from another's; what the namespace takes is the rights of root: they hold for what
//! the namespace owns, and it owns nothing of the machine's. A process enters it last, when its root is made: mounts, devices, process
//! namespace and network stay the machine's, where root of the pod has no rights.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use super::identity::Identity;
use super::spec::{Failure, FailureKind};
use crate::boot;
use crate::reaper::Reaper;

/// First argument of the binary when it is the process that the namespace begins with.
pub const NAME: &str = "monopod-users";
/// Ids from 0 on that there are in it, as many as a kubelet gives.
const COUNT: u32 = 65536;
const FILE: &str = "users";

/// Blocking. The file that stands for the new namespace, which lasts as long as the machine.
pub fn make(reaper: &Reaper) -> Result<PathBuf> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0(NAME).env_clear().stdin(Stdio::piped()).stdout(Stdio::null());
    // SAFETY: only a system call, which is safe between fork and exec.
    unsafe { command.pre_exec(|| unshare(CloneFlags::CLONE_NEWUSER).map_err(io::Error::from)) };
    // It ends with its input, so not later than this returns.
    let (child, _exit) = reaper.spawn(&mut command).context("make a user namespace")?;
    let process = Path::new("/proc").join(child.id().to_string());
    for file in ["uid_map", "gid_map"] {
        fs::write(process.join(file), map()).with_context(|| format!("write {file}"))?;
    }
    let place = Path::new(boot::RUN).join(FILE);
    File::create(&place).context("create the file of the user namespace")?;
    mount(Some(&process.join("ns/user")), &place, None::<&str>, MsFlags::MS_BIND, None::<&str>).context("keep the user namespace")?;
    Ok(place)
}

/// Ids inside, ids outside, how many.
fn map() -> String {
    format!("0 0 {COUNT}\n")
}

/// Waits until the namespace is kept.
pub fn main() -> ! {
    let _ = io::stdin().read_to_end(&mut Vec::new());
    std::process::exit(0)
}

/// The process has all rights in it afterwards, and none outside. It must have one thread.
pub fn enter(namespace: &File) -> Result<(), Failure> {
    setns(namespace, CloneFlags::CLONE_NEWUSER).context("enter the pod's user namespace")?;
    Ok(())
}

/// Refuses who does not exist in it, which the kernel would do in words that name nobody.
pub fn check(identity: &Identity) -> Result<(), Failure> {
    let groups = identity.groups.iter().map(|gid| ("group", *gid));
    let beyond = [("user", identity.uid), ("group", identity.gid)].into_iter().chain(groups).find(|(_, id)| *id >= COUNT);
    match beyond {
        None => Ok(()),
        Some((what, id)) => {
            let message = format!("{what} {id} is above {}, the last id of a pod with hostUsers: false", COUNT - 1);
            Err(Failure::new(FailureKind::User, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(uid: u32, gid: u32, groups: &[u32]) -> Identity {
        Identity { uid, gid, groups: groups.to_vec(), home: "/".to_owned() }
    }

    #[test]
    fn maps_each_id_to_itself() {
        assert_eq!(map(), "0 0 65536\n");
    }

    #[test]
    fn refuses_ids_that_are_not_in_the_map() {
        assert!(check(&identity(65535, 65535, &[0, 65535])).is_ok());
        let refused = [
            (identity(65536, 0, &[]), "user 65536 is above 65535, the last id of a pod with hostUsers: false"),
            (identity(0, 70000, &[]), "group 70000 is above 65535, the last id of a pod with hostUsers: false"),
            (identity(0, 0, &[0, 65536]), "group 65536 is above 65535, the last id of a pod with hostUsers: false"),
        ];
        for (identity, message) in refused {
            let failure = check(&identity).expect_err(message);
            assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::User, message));
        }
    }
}
