//! The end of the machine.

use std::process::ExitCode;

/// Writes everything back and switches the machine off; does not return unless the kernel refuses.
pub fn off() -> ExitCode {
    nix::unistd::sync();
    // The machine has no power button: `reboot=t` makes a restart a triple fault, which QEMU's -no-reboot turns into its exit.
    let _ = nix::sys::reboot::reboot(nix::sys::reboot::RebootMode::RB_AUTOBOOT);
    ExitCode::FAILURE
}
