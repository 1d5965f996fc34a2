//! The one place that waits for children. PID 1 inherits every orphan of the machine; whoever started a process and wants
//! to know its end registers its pid here, all others are just reaped.

use std::collections::HashMap;
use std::io;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::sync::oneshot;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    pub code: i32,
    /// 0 unless a signal ended it; then `code` is 128 + signal.
    pub signal: i32,
}

#[derive(Clone, Default)]
pub struct Reaper {
    waiting: Arc<Mutex<HashMap<i32, oneshot::Sender<Exit>>>>,
}

impl Reaper {
    /// Reaps on each SIGCHLD for as long as the runtime lives.
    pub fn start() -> io::Result<Self> {
        let reaper = Self::default();
        let mut signals = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child())?;
        let loop_reaper = reaper.clone();
        tokio::spawn(async move {
            loop {
                loop_reaper.reap();
                // The timer covers a signal that was merged with one we had already answered.
                let _ = tokio::time::timeout(std::time::Duration::from_secs(1), signals.recv()).await;
            }
        });
        Ok(reaper)
    }

    /// Starts a process whose end is told to the receiver. The lock closes the race with a process that ends at once.
    pub fn spawn(&self, command: &mut Command) -> io::Result<(Child, oneshot::Receiver<Exit>)> {
        let mut waiting = self.waiting.lock().expect("reaper lock");
        let child = command.spawn()?;
        let (sender, receiver) = oneshot::channel();
        waiting.insert(child.id() as i32, sender);
        Ok((child, receiver))
    }

    /// Wants to know the end of a process that is not yet our child, but whose parent still lives.
    pub fn register(&self, pid: i32) -> oneshot::Receiver<Exit> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().expect("reaper lock").insert(pid, sender);
        receiver
    }

    fn reap(&self) {
        let mut waiting = self.waiting.lock().expect("reaper lock");
        loop {
            let (pid, exit) = match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => (pid, Exit { code, signal: 0 }),
                Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, Exit { code: 128 + signal as i32, signal: signal as i32 }),
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(error) => {
                    eprintln!("guest: waitpid: {error}");
                    return;
                }
            };
            if let Some(sender) = waiting.remove(&pid.as_raw()) {
                let _ = sender.send(exit);
            }
        }
    }
}
