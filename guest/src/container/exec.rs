//! Further processes in a running container, as exec and exec probes start them.

use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, pipe2};
use tokio::sync::oneshot;

use super::launch::{Streams, launch};
use super::registry::Container;
use super::request;
use super::spec::{Failure, FailureKind};
use crate::handle::Handle;
use crate::reaper::{Exit, Reaper};

pub const NOT_FOUND_CODE: i32 = 127;
pub const NOT_EXECUTABLE_CODE: i32 = 126;
const KILLED_CODE: i32 = 137;

/// What to run.
pub struct Command {
    pub args: Vec<String>,
    pub environment: Vec<(String, String)>,
    /// Columns and rows.
    pub tty: Option<(u16, u16)>,
    pub stdin: bool,
}

/// One that runs, with our ends of its streams.
pub struct Process {
    pid: i32,
    exit: oneshot::Receiver<Exit>,
    pub terminal: Option<Arc<Handle>>,
    pub input: Option<Arc<Handle>>,
    /// Standard output, and standard error unless there is a terminal.
    pub outputs: Vec<(bool, Arc<Handle>)>,
}

/// Returns once the program runs.
pub async fn start(reaper: Reaper, container: Arc<Container>, command: Command) -> Result<Process, Failure> {
    if command.args.is_empty() {
        return Err(Failure::new(FailureKind::Request, "no command specified"));
    }
    let work = move || {
        let mut streams = Streams::none();
        let (mut input, mut outputs): (Option<OwnedFd>, Vec<(bool, OwnedFd)>) = (None, Vec::new());
        if command.tty.is_none() {
            if command.stdin {
                let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
                streams.input = Stdio::from(reader);
                input = Some(writer);
            }
            let (output_reader, output_writer) = pipe2(OFlag::O_CLOEXEC)?;
            let (error_reader, error_writer) = pipe2(OFlag::O_CLOEXEC)?;
            streams.output = Stdio::from(output_writer);
            streams.error = Stdio::from(error_writer);
            outputs = vec![(false, output_reader), (true, error_reader)];
        }
        let spec = request::beside(&container.spec, container.pid, command.args, command.environment, command.tty);
        Ok::<_, Failure>((launch(&reaper, &spec, streams)?, input, outputs, command.stdin))
    };
    let joined = tokio::task::spawn_blocking(work).await;
    let (launched, input, outputs, stdin) = joined.map_err(|error| Failure::new(FailureKind::Machine, error.to_string()))??;
    let handle = |descriptor: OwnedFd| Handle::new(descriptor).map(Arc::new);
    let terminal = launched.terminal.map(handle).transpose()?;
    let mut ends = Vec::new();
    for (error, end) in outputs {
        ends.push((error, handle(end)?));
    }
    if let Some(terminal) = &terminal {
        ends.push((false, terminal.clone()));
    }
    let input = match input {
        Some(end) => Some(handle(end)?),
        None => terminal.clone().filter(|_| stdin),
    };
    Ok(Process { pid: launched.pid, exit: launched.exit, terminal, input, outputs: ends })
}

impl Process {
    /// How it ended, and whether the time was over; then it and its process group were killed. No limit when the timeout is zero.
    pub async fn wait(&mut self, timeout: Duration) -> (i32, bool) {
        let killed = Exit { code: KILLED_CODE, signal: libc::SIGKILL };
        if timeout.is_zero() {
            return ((&mut self.exit).await.unwrap_or(killed).code, false);
        }
        match tokio::time::timeout(timeout, &mut self.exit).await {
            Ok(exit) => (exit.unwrap_or(killed).code, false),
            Err(_elapsed) => {
                // It leads a session and so a group; what has left the group lives on, as with other runtimes.
                let _ = killpg(Pid::from_raw(self.pid), Signal::SIGKILL);
                let _ = (&mut self.exit).await;
                (KILLED_CODE, true)
            }
        }
    }
}

/// The exit code by which a shell would tell this failure.
pub fn code_of(failure: &Failure) -> i32 {
    match failure.kind {
        FailureKind::NoSuchProgram => NOT_FOUND_CODE,
        FailureKind::NotExecutable => NOT_EXECUTABLE_CODE,
        FailureKind::Exists
        | FailureKind::Request
        | FailureKind::Target
        | FailureKind::Processes
        | FailureKind::SubPath
        | FailureKind::Mount
        | FailureKind::User
        | FailureKind::RootUser
        | FailureKind::Seccomp
        | FailureKind::Capabilities
        | FailureKind::WorkingDirectory
        | FailureKind::Machine => 1,
    }
}
