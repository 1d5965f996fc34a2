//! What one image may cost: counted as it is read, over all layers, so that a small download cannot become endless work.

use crate::Fault;

pub const LONGEST_PATH: usize = 4096;
pub const LONGEST_NAME: usize = 255;
pub const DEEPEST_PATH: usize = 128;

const DISK_BYTES: u64 = 16 << 30;

#[derive(Clone)]
pub struct Bounds {
    pub most_entries: u32,
    pub most_path_bytes: u64,
    pub most_unpacked_bytes: u64,
    /// Of content that is kept in memory, beside what `sqfstar` takes of the jail's.
    pub most_kept_bytes: u64,
    entries: u32,
    path_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            most_entries: 200_000,
            most_path_bytes: 24 << 20,
            most_unpacked_bytes: 2 * DISK_BYTES,
            most_kept_bytes: 192 << 20,
            entries: 0,
            path_bytes: 0,
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
}
