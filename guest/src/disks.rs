//! The machine's disks: the scratch disk, and one squashfs image per slot, each mounted once and shared by its containers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount, umount};

pub const SCRATCH: &str = "/scratch";
const SCRATCH_FOLDERS: [&str; 4] = ["containers", "logs", "volumes", "pod"];
pub const IMAGES: &str = "/images";
const SLOT_LIMIT: u32 = 24;
const APPEARANCE_ATTEMPTS: u32 = 100;
const APPEARANCE_INTERVAL: Duration = Duration::from_millis(10);
const RELEASE_ATTEMPTS: u32 = 400;
const RELEASE_INTERVAL: Duration = Duration::from_millis(5);

/// One mount at a time: two containers of one image start together.
static MOUNTING: Mutex<()> = Mutex::new(());

/// Mounts the scratch disk, or a tmpfs in its place when the machine has none. Does nothing when it is mounted.
pub fn mount_scratch(slot: u32) -> Result<()> {
    let _guard = MOUNTING.lock().expect("mount lock");
    fs::create_dir_all(SCRATCH)?;
    if is_mount_point(Path::new(SCRATCH)) {
        return Ok(());
    }
    let device = device(slot)?;
    let flags = MsFlags::MS_NOATIME | MsFlags::MS_NODEV;
    mount(Some(&device), SCRATCH, Some("ext4"), flags, None::<&str>)
        .with_context(|| format!("mount the scratch disk {}", device.display()))?;
    for folder in SCRATCH_FOLDERS {
        fs::create_dir_all(Path::new(SCRATCH).join(folder))?;
    }
    Ok(())
}

/// Empties the scratch disk and lets go of it. What ended a moment ago may hold it for another moment.
pub fn unmount_scratch() -> Result<()> {
    let _guard = MOUNTING.lock().expect("mount lock");
    for folder in SCRATCH_FOLDERS {
        fs::remove_dir_all(Path::new(SCRATCH).join(folder)).with_context(|| format!("remove {SCRATCH}/{folder}"))?;
    }
    let mut result = Ok(());
    for _ in 0..RELEASE_ATTEMPTS {
        result = umount(SCRATCH);
        if result != Err(Errno::EBUSY) {
            break;
        }
        std::thread::sleep(RELEASE_INTERVAL);
    }
    result.context("unmount the scratch disk")
}

/// The read-only root of the image in that slot. The agent calls only once the image is complete; a first failure is tried once
/// more, since a block read before the image was complete may be cached.
pub fn mount_image(slot: u32) -> Result<PathBuf> {
    let _guard = MOUNTING.lock().expect("mount lock");
    let target = Path::new(IMAGES).join(slot.to_string());
    fs::create_dir_all(&target)?;
    if is_mount_point(&target) {
        return Ok(target);
    }
    let device = device(slot)?;
    let attempt = || mount(Some(&device), &target, Some("squashfs"), MsFlags::MS_RDONLY | MsFlags::MS_NODEV, None::<&str>);
    if attempt().is_err() {
        forget_cached_blocks(&device);
        attempt().with_context(|| format!("mount the image disk {}", device.display()))?;
    }
    Ok(target)
}

fn device(slot: u32) -> Result<PathBuf> {
    if slot >= SLOT_LIMIT {
        bail!("disk slot {slot} is not below {SLOT_LIMIT}");
    }
    let path = PathBuf::from(format!("/dev/vd{}", (b'a' + slot as u8) as char));
    for _ in 0..APPEARANCE_ATTEMPTS {
        if path.exists() {
            return Ok(path);
        }
        std::thread::sleep(APPEARANCE_INTERVAL);
    }
    bail!("there is no disk {}", path.display())
}

/// BLKFLSBUF: drops what the page cache holds of the device.
fn forget_cached_blocks(device: &Path) {
    use std::os::fd::AsRawFd;
    if let Ok(file) = fs::File::open(device) {
        // SAFETY: takes no argument.
        unsafe { libc::ioctl(file.as_raw_fd(), 0x1261) };
    }
}

pub fn is_mount_point(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| -> io::Result<u64> { Ok(fs::metadata(path)?.dev()) };
    match (device(path), device(path.parent().unwrap_or(path))) {
        (Ok(own), Ok(parent)) => own != parent,
        _ => false,
    }
}
