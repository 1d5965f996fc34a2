//! Time and randomness: both are wrong in a machine that was just started or restored, until the agent tells better.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::AsRawFd;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_settime};

const RNDADDENTROPY: libc::Ioctl = 0x4008_5203u32 as libc::Ioctl;
const RNDRESEEDCRNG: libc::Ioctl = 0x5207;
const ENTROPY_LIMIT: usize = 512;

#[repr(C)]
struct PoolInfo {
    entropy_bits: libc::c_int,
    length: libc::c_int,
    bytes: [u8; ENTROPY_LIMIT],
}

/// Now, in nanoseconds since 1970.
pub fn unix_nanos() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as i64)
}

pub fn set(unix_nanos: i64) -> io::Result<()> {
    let time = TimeSpec::new(unix_nanos.div_euclid(1_000_000_000), unix_nanos.rem_euclid(1_000_000_000));
    clock_settime(ClockId::CLOCK_REALTIME, time).map_err(io::Error::from)
}

/// Mixes the bytes into the kernel's pool, counts them as full entropy and makes the generator use them at once:
/// machines cloned from one snapshot would otherwise draw the same numbers.
pub fn add_entropy(bytes: &[u8]) -> io::Result<()> {
    let device = OpenOptions::new().write(true).open("/dev/urandom")?;
    for chunk in bytes.chunks(ENTROPY_LIMIT) {
        let mut pool = PoolInfo { entropy_bits: chunk.len() as i32 * 8, length: chunk.len() as i32, bytes: [0; ENTROPY_LIMIT] };
        pool.bytes[..chunk.len()].copy_from_slice(chunk);
        // SAFETY: the structure is laid out as rand_pool_info and outlives the call.
        check(unsafe { libc::ioctl(device.as_raw_fd(), RNDADDENTROPY, &raw const pool) })?;
    }
    // SAFETY: takes no argument.
    check(unsafe { libc::ioctl(device.as_raw_fd(), RNDRESEEDCRNG) })
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// RFC 3339 in UTC with nanoseconds, as log records carry it.
pub fn rfc3339(unix_nanos: i64) -> String {
    let seconds = unix_nanos.div_euclid(1_000_000_000);
    let nanos = unix_nanos.rem_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Civil date from days since 1970, counted in eras of 400 years that start on March 1st.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{nanos:09}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_instants_as_rfc3339() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(rfc3339(1_709_210_096_000_000_001), "2024-02-29T12:34:56.000000001Z");
    }
}
