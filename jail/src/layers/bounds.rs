//! What one image may cost: counted as it is read, over all layers, so that a small download cannot become endless work.

use crate::Fault;
use std::io::{self, Read};

pub const LONGEST_PATH: usize = 4096;
pub const LONGEST_NAME: usize = 255;
pub const DEEPEST_PATH: usize = 128;

const DISK_BYTES: u64 = 16 << 30;

#[derive(Clone)]
pub struct Bounds {
    pub most_entries: u32,
    pub most_path_bytes: u64,
    pub most_unpacked_bytes: u64,
    entries: u32,
    path_bytes: u64,
    unpacked: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            most_entries: 200_000,
            most_path_bytes: 24 << 20,
            most_unpacked_bytes: 2 * DISK_BYTES,
            entries: 0,
            path_bytes: 0,
            unpacked: 0,
        }
    }
}

impl Bounds {
    /// One more entry; `bytes` of it are kept in memory.
    pub fn entry(&mut self, bytes: usize) -> Result<(), Fault> {
        self.entries += 1;
        self.path_bytes += bytes as u64;
        if self.entries > self.most_entries {
            return Err(format!("the layers have more than {} entries", self.most_entries));
        }
        if self.path_bytes > self.most_path_bytes {
            return Err(format!("the paths and attributes of the entries have more than {} bytes together", self.most_path_bytes));
        }
        Ok(())
    }

    /// Takes over what was counted beside.
    pub fn unpacked_as(&mut self, other: &Bounds) {
        self.unpacked = other.unpacked;
    }

    /// What was read so far, of a layer without its compression.
    fn unpacked(&mut self, bytes: usize) -> io::Result<()> {
        self.unpacked += bytes as u64;
        if self.unpacked > self.most_unpacked_bytes {
            let words = format!("the layers have more than {} bytes without compression", self.most_unpacked_bytes);
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, words));
        }
        Ok(())
    }
}

/// Counts what is read.
pub struct Counted<'a, R> {
    pub inner: R,
    pub bounds: &'a mut Bounds,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.bounds.unpacked(count)?;
        Ok(count)
    }
}
