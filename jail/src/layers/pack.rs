//! Has `sqfstar` pack a tar, as a child that inherits the jail and the limits.

use crate::Fault;
use crate::image::READS_NO_MORE;
use std::io::{BufWriter, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// More than these take memory that is bounded, and a host has other work.
const MOST_PROCESSORS: usize = 4;

const BUFFER: usize = 1 << 16;

pub fn pack(disk: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Fault>) -> Result<(), Fault> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_PROCESSORS);
    // lz4: read under emulation far more often than it is written. No time of making, so that the same layers give the same disk.
    let mut child = Command::new("sqfstar")
        .args([
            "-force",
            "-quiet",
            "-no-progress",
            "-mkfs-time",
            "0",
            "-mem",
            "256M",
            "-root-time",
            "0",
            "-root-mode",
            "0755",
            "-comp",
            "lz4",
        ])
        .args(["-processors", &processors.to_string()])
        .arg(disk)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot run sqfstar: {error}"))?;
    let stdin = child.stdin.take().ok_or("sqfstar has no input")?;
    let mut out = BufWriter::with_capacity(BUFFER, stdin);
    let written = write(&mut out);
    // Without the rest that a failed write left in it.
    drop(out.into_parts());
    if written.as_ref().is_err_and(|fault| fault != READS_NO_MORE) {
        // Half a tar would be packed as a whole one.
        child.kill().map_err(|error| format!("cannot end sqfstar: {error}"))?;
        child.wait().map_err(|error| format!("cannot wait for sqfstar: {error}"))?;
        return written;
    }
    let status = child.wait().map_err(|error| format!("cannot wait for sqfstar: {error}"))?;
    if status.success() { written } else { Err(failed(status)) }
}

fn failed(status: ExitStatus) -> Fault {
    match status.signal() {
        Some(libc::SIGXFSZ) => "the packed image is larger than a disk may be, or than the host has room for".into(),
        Some(signal) => format!("sqfstar was ended by signal {signal}"),
        None => format!("sqfstar failed with exit code {}", status.code().unwrap_or(-1)),
    }
}
