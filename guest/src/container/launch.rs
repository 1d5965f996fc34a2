//! Starts a process in a container, from the guest's side.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use tokio::sync::oneshot;

use super::control::Control;
use super::in_memory::in_memory;
use super::spec::{Failure, FailureKind, ProcessSpec, Report};
use super::{seccomp, starter};
use crate::protocol::ContainerUser;
use crate::reaper::{Exit, Reaper};

/// What the process gets as its standard streams; ignored for a terminal.
pub struct Streams {
    pub input: Stdio,
    pub output: Stdio,
    pub error: Stdio,
}

impl Streams {
    pub fn none() -> Self {
        Self { input: Stdio::null(), output: Stdio::null(), error: Stdio::null() }
    }
}

/// A program that runs.
pub struct Launched {
    pub pid: i32,
    pub exit: oneshot::Receiver<Exit>,
    /// Master side, when a terminal was asked for.
    pub terminal: Option<OwnedFd>,
    /// Who it runs as; nobody is told for the process that holds a process namespace.
    pub user: Option<ContainerUser>,
}

/// Blocks until the program runs, or could not be run.
pub fn launch(reaper: &Reaper, spec: &ProcessSpec, streams: Streams) -> Result<Launched, Failure> {
    let (ours, theirs) = Control::pair()?;
    let text = in_memory(&serde_json::to_vec(spec).map_err(|error| Failure::new(FailureKind::Machine, error.to_string()))?)?;
    let filter = seccomp::prepared(&spec.security)?;
    let passed: Vec<RawFd> = [theirs.raw(), text.as_raw_fd()].into_iter().chain(filter.as_ref().map(|file| file.as_raw_fd())).collect();
    let mut command = Command::new("/proc/self/exe");
    command.arg0(starter::NAME).args(passed.iter().map(RawFd::to_string));
    command.env_clear().stdin(streams.input).stdout(streams.output).stderr(streams.error);
    // SAFETY: only calls fcntl, which is safe between fork and exec.
    unsafe { command.pre_exec(move || passed.iter().try_for_each(|raw| keep_on_exec(*raw))) };
    let (_child, _starter_exit) = reaper.spawn(&mut command)?;
    // Our copies of what the process holds would keep its end from being seen.
    drop((command, theirs, text));

    let mut running: Option<(i32, oneshot::Receiver<Exit>)> = None;
    let mut terminal = None;
    let mut user = None;
    while let Some((report, descriptor)) = ours.receive()? {
        match report {
            Report::Pid(pid) => {
                running = Some((pid, reaper.register(pid)));
                ours.go()?;
            }
            Report::Identity { uid, gid, groups } => {
                let groups = groups.into_iter().map(i64::from).collect();
                user = Some(ContainerUser { uid: uid.into(), gid: gid.into(), groups });
            }
            Report::Terminal => terminal = descriptor,
            Report::Failed(failure) => return Err(failure),
        }
    }
    match running {
        Some((pid, exit)) => Ok(Launched { pid, exit, terminal, user }),
        None => Err(Failure::new(FailureKind::Machine, "the starting process ended without a word")),
    }
}

fn keep_on_exec(raw: RawFd) -> io::Result<()> {
    // SAFETY: takes an int.
    match unsafe { libc::fcntl(raw, libc::F_SETFD, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
