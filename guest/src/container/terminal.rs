//! Terminals of the container's own devpts.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::fcntl::{OFlag, open as open_file};
use nix::sys::stat::Mode;

/// A new terminal: master and slave side.
pub fn open((columns, rows): (u16, u16)) -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = open_file("/dev/pts/ptmx", flags, Mode::empty())?;
    let mut locked: libc::c_int = 0;
    // SAFETY: both operations take a pointer to an int.
    check(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &raw mut locked) })?;
    let mut number: libc::c_int = 0;
    // SAFETY: as above.
    check(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTN, &raw mut number) })?;
    let slave = open_file(format!("/dev/pts/{number}").as_str(), flags, Mode::empty())?;
    if columns > 0 && rows > 0 {
        resize(&master, columns, rows)?;
    }
    Ok((master, slave))
}

pub fn resize(master: &impl AsRawFd, columns: u16, rows: u16) -> io::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: takes a pointer to a winsize.
    check(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) })
}

/// Makes it the controlling terminal of this session, and its standard streams.
pub fn take(slave: &OwnedFd) -> io::Result<()> {
    // SAFETY: takes an int.
    check(unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCSCTTY, 0) })?;
    for stream in 0..3 {
        // SAFETY: the standard streams are not owned by any Rust value here.
        check(unsafe { libc::dup2(slave.as_raw_fd(), stream) })?;
    }
    Ok(())
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
