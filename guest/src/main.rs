//! PID 1 of each machine. Started again by itself under other names, it is the single-threaded process that becomes a container,
//! the one that a user namespace begins with, the one that waits for an NFS server, or the program of a rehearsal's container.

#![cfg_attr(fuzzing, no_main, allow(dead_code, unused_imports))]

mod boot;
mod cgroup;
mod channel;
mod clock;
mod container;
mod disks;
mod forward;
mod handle;
mod inroot;
mod kernel;
mod log;
mod machine;
mod memory;
mod network;
mod nfs;
mod power;
mod probe;
mod reaper;
mod rehearsal;
mod service;
mod statistics;
mod streams;
mod usage;
mod volumes;

#[cfg(fuzzing)]
#[path = "../fuzz/targets.rs"]
mod fuzz;

use std::process::ExitCode;

use anyhow::{Context, Result};
use monopod_guest::protocol;

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    match arguments.next().as_deref() {
        Some(container::starter::NAME) => container::starter::main(&arguments.collect::<Vec<_>>()),
        Some(container::pause::NAME) => container::pause::main(),
        Some(container::users::NAME) => container::users::main(),
        Some(rehearsal::PROGRAM) => rehearsal::main(),
        Some(nfs::NAME) => nfs::main(&arguments.collect::<Vec<_>>()),
        _ => {}
    }
    match run() {
        Ok(()) => {}
        Err(error) => eprintln!("guest: {error:#}"),
    }
    // PID 1 must not return: the kernel would panic. The machine is of no use any more.
    power::off()
}

fn run() -> Result<()> {
    boot::boot()?;
    kernel::set_defaults();
    cgroup::make_pod()?;
    container::seccomp::prepare()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let reaper = reaper::Reaper::start().context("watch for ended processes")?;
        service::serve(service::Service::new(reaper)).await
    })
}
