//! Starts one program, a machine's monitor, in a jail: a user of its own without rights, and mount, process, network, IPC, host name and
//! cgroup namespaces of its own, in which there is nothing but what the command line names. What lies outside (the tap, the sockets, the
//! log) comes as open descriptors. Prints the program's process number, as the host counts, when the program runs.
//!
//! Runs as root with a single thread, and ends at the first thing that fails: half a jail is none.

mod outside;
mod plan;
mod rights;
mod root;

use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork, pipe2, setsid};
use outside::Descriptors;
use plan::Plan;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// One arena: a monitor has threads that allocate little, and each would keep an arena of its own.
const ENVIRONMENT: [(&str, &str); 2] = [("PATH", "/usr/local/bin:/usr/bin"), ("MALLOC_ARENA_MAX", "1")];

/// What the agent takes for: not even started.
const FAILED: u8 = 70;

fn main() -> ExitCode {
    match Plan::parse(std::env::args_os().skip(1)).and_then(|plan| run(&plan)) {
        Ok(code) => code,
        Err(words) => {
            eprintln!("monopod-jail: {words}");
            ExitCode::from(FAILED)
        }
    }
}

/// Names what failed.
pub(crate) trait Told<T> {
    fn told(self, what: impl std::fmt::Display) -> Result<T, String>;
}

impl<T, E: std::fmt::Display> Told<T> for Result<T, E> {
    fn told(self, what: impl std::fmt::Display) -> Result<T, String> {
        self.map_err(|error| format!("{what}: {error}"))
    }
}

fn run(plan: &Plan) -> Result<ExitCode, String> {
    for group in &plan.cgroups {
        std::fs::write(group, "0").told(format_args!("cannot join {}", group.display()))?;
    }
    let mut descriptors = Descriptors::open(plan)?;
    // After the cgroups were joined, so that this one is the root of what can be seen.
    let apart = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP;
    unshare(apart).told("cannot make namespaces")?;
    descriptors.open_apart(plan)?;
    let (reader, writer) = pipe2(nix::fcntl::OFlag::O_CLOEXEC).told("cannot make a pipe")?;
    // Only a child is in the new process namespace. It is the first process there, so that all ends with it.
    match unsafe { fork() }.told("cannot fork")? {
        ForkResult::Child => {
            drop(reader);
            let mut writer = File::from(outside::aside(writer)?);
            let Err(words) = enter(plan, descriptors);
            let _ = writer.write_all(words.as_bytes());
            std::process::exit(FAILED.into());
        }
        ForkResult::Parent { child } => {
            drop((writer, descriptors));
            // It ends without a word when the child has become the program.
            let mut words = String::new();
            File::from(reader).read_to_string(&mut words).told("cannot read from the child")?;
            if !words.is_empty() {
                return Err(words);
            }
            if !plan.wait {
                println!("{child}");
                return Ok(ExitCode::SUCCESS);
            }
            match waitpid(child, None).told("cannot wait for the program")? {
                WaitStatus::Exited(_, code) => Ok(ExitCode::from(code as u8)),
                ended => Err(format!("the program ended by {ended:?}")),
            }
        }
    }
}

/// Becomes the program; returns only what failed.
fn enter(plan: &Plan, descriptors: Descriptors) -> Result<std::convert::Infallible, String> {
    if !plan.wait {
        setsid().told("cannot make a session")?;
    }
    root::change(plan)?;
    nix::unistd::sethostname("machine").told("cannot set the host name")?;
    descriptors.place()?;
    rights::drop_all(plan.user)?;
    let error = Command::new(&plan.program).args(&plan.arguments).env_clear().envs(ENVIRONMENT).exec();
    Err(format!("cannot run {}: {error}", plan.program.display()))
}
