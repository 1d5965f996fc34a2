//! Files that are in memory alone, for what one process hands to another.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::FromRawFd;

pub fn in_memory(text: &[u8]) -> io::Result<File> {
    // SAFETY: the name is a constant that ends in NUL; the descriptor is owned at once.
    let raw = unsafe { libc::memfd_create(c"process".as_ptr(), libc::MFD_CLOEXEC) };
    if raw < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened.
    let mut file = unsafe { File::from_raw_fd(raw) };
    file.write_all(text)?;
    file.rewind()?;
    Ok(file)
}
