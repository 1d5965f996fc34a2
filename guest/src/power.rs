//! The end of the machine.

use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

/// For writing back; a dead NFS server would hold it up for ever.
const SYNC_LIMIT: Duration = Duration::from_secs(3);

/// Writes everything back and switches the machine off; does not return unless the kernel refuses.
pub fn off() -> ExitCode {
    let (done, written) = mpsc::channel();
    std::thread::spawn(move || {
        nix::unistd::sync();
        let _ = done.send(());
    });
    let _ = written.recv_timeout(SYNC_LIMIT);
    // The machine has no power button: `reboot=t` makes a restart a triple fault, which QEMU's -no-reboot turns into its exit.
    let _ = nix::sys::reboot::reboot(nix::sys::reboot::RebootMode::RB_AUTOBOOT);
    ExitCode::FAILURE
}
