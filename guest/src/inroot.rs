//! Paths that somebody else chose, resolved so that no link of theirs leads out of a folder: all through openat2. Below a container's
//! root a link is followed as the container would; one that leads out of a volume is an error, as under a kubelet.

use std::ffi::CString;
use std::fs;
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open as open_file, openat2};
use nix::sys::stat::Mode;

/// What to make of a path that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Folder,
    File,
    /// Whatever it is when it is there; else a folder with the permissions of the root, as a kubelet makes a subPath.
    FolderUnlessPresent,
}

/// Opens `path` below `root`, and makes what is missing of it.
pub fn open(root: &Path, path: &str, kind: Kind) -> Result<OwnedFd> {
    let base = open_source(root)?;
    let mut so_far = PathBuf::new();
    let within = if kind == Kind::FolderUnlessPresent { ResolveFlag::RESOLVE_BENEATH } else { ResolveFlag::RESOLVE_IN_ROOT };
    let mut current = lookup(&base, Path::new("."), within, OFlag::empty())?;
    let names: Vec<_> = Path::new(path)
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(Ok(name)),
            Component::RootDir | Component::CurDir => None,
            Component::ParentDir | Component::Prefix(_) => Some(Err(())),
        })
        .collect::<Result<_, ()>>()
        .map_err(|()| anyhow::anyhow!("'{path}' contains '..'"))?;
    for (index, name) in names.iter().enumerate() {
        so_far.push(name);
        current = match lookup(&base, &so_far, within, OFlag::empty()) {
            Ok(found) => found,
            Err(Errno::ENOENT) => {
                let entry = path_of(&current).join(name);
                let made = if index + 1 == names.len() && kind == Kind::File {
                    fs::OpenOptions::new().write(true).create_new(true).open(&entry).map(drop)
                } else {
                    fs::create_dir(&entry)
                };
                match made {
                    // Another container of the pod, which starts as well, made it first.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    made => made.with_context(|| format!("create {}", so_far.display()))?,
                }
                let made = lookup(&base, &so_far, within, OFlag::O_NOFOLLOW)?;
                if kind == Kind::FolderUnlessPresent {
                    // By the descriptor: a container may have put a link in the place of the name meanwhile. Whatever the umask.
                    fs::set_permissions(path_of(&made), fs::metadata(path_of(&base))?.permissions())
                        .with_context(|| format!("set the permissions of {}", so_far.display()))?;
                }
                made
            }
            Err(error) => bail!("open {}: {}", so_far.display(), error.desc()),
        };
    }
    Ok(current)
}

/// Opens a regular file of at most that size below `root` to be read; makes nothing, and waits for nobody.
pub fn open_to_read(root: &Path, path: &str, size_limit: u64) -> Result<fs::File> {
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let opened = openat2(open_source(root)?, path, how).map_err(|error| anyhow::anyhow!("open {path}: {}", error.desc().to_lowercase()))?;
    let file = fs::File::from(opened);
    let data = file.metadata()?;
    if !data.is_file() {
        bail!("{path} is no regular file");
    }
    if data.len() > size_limit {
        bail!("{path} has {} bytes, {size_limit} are allowed", data.len());
    }
    Ok(file)
}

fn lookup(base: &OwnedFd, path: &Path, within: ResolveFlag, more: OFlag) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC | more).resolve(within | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(base, path, how)
}

/// Opens a path of the guest's own.
pub fn open_source(path: &Path) -> Result<OwnedFd> {
    open_file(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).with_context(|| format!("open {}", path.display()))
}

/// A path that stands for the opened file, whatever its name has become.
pub fn path_of(descriptor: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", descriptor.as_raw_fd()))
}

/// Makes the mount that the descriptor is the root of read-only, and with `recursive` all mounts below it.
pub fn set_read_only(mounted: &OwnedFd, recursive: bool) -> std::io::Result<()> {
    let attributes = libc::mount_attr { attr_set: libc::MOUNT_ATTR_RDONLY, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    let empty = CString::default();
    // SAFETY: the structure and the empty path outlive the call, and the size is the structure's.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mounted.as_raw_fd(),
            empty.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn makes_what_is_missing() {
        let folder = tempfile::tempdir().expect("folder");
        open(folder.path(), "/a/b/file", Kind::File).expect("file");
        assert!(folder.path().join("a/b/file").is_file());
        open(folder.path(), "c/d", Kind::Folder).expect("folder");
        assert!(folder.path().join("c/d").is_dir());
    }

    #[test]
    fn makes_a_place_that_others_make_at_the_same_time() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().expect("folder");
            std::thread::scope(|scope| {
                let make = || open(folder.path(), "a/b/c", Kind::File);
                let made: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
                made.into_iter().for_each(|one| drop(one.join().expect("thread").expect("made")));
            });
        }
    }

    #[test]
    fn a_sub_path_has_the_permissions_of_its_volume() {
        let folder = tempfile::tempdir().expect("folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o2777)).expect("mode");
        open(folder.path(), "a/b", Kind::FolderUnlessPresent).expect("folder");
        for made in ["a", "a/b"] {
            let mode = fs::metadata(folder.path().join(made)).expect("made").permissions().mode();
            assert_eq!(mode & 0o7777, 0o2777, "{made}");
        }
    }

    #[test]
    fn follows_links_only_within_the_root() {
        let folder = tempfile::tempdir().expect("folder");
        symlink("/etc", folder.path().join("link")).expect("link");
        fs::create_dir(folder.path().join("etc")).expect("etc");
        open(folder.path(), "link/made", Kind::File).expect("file");
        assert!(folder.path().join("etc/made").is_file());
    }

    #[test]
    fn reads_only_regular_files_within_the_root() {
        let folder = tempfile::tempdir().expect("folder");
        symlink("/etc/passwd", folder.path().join("link")).expect("link");
        fs::write(folder.path().join("file"), "text").expect("file");
        nix::unistd::mkfifo(&folder.path().join("pipe"), Mode::S_IRWXU).expect("pipe");
        assert_eq!(std::io::read_to_string(open_to_read(folder.path(), "../file", 4).expect("file")).expect("text"), "text");
        for (path, why) in [("link", "no such file"), ("pipe", "no regular file"), ("file", "has 4 bytes"), ("none", "no such file")] {
            let error = open_to_read(folder.path(), path, 3).expect_err(path).to_string();
            assert!(error.contains(why), "{path}: {error}");
        }
    }

    #[test]
    fn a_sub_path_may_be_a_link_within_its_volume_only() {
        let folder = tempfile::tempdir().expect("folder");
        let volume = folder.path().join("volume");
        fs::create_dir_all(volume.join("data")).expect("data");
        for (link, target) in [("near", "data"), ("up", "../"), ("far", "/etc"), ("nowhere", "missing")] {
            symlink(target, volume.join(link)).expect("link");
        }
        open(&volume, "near/made", Kind::FolderUnlessPresent).expect("within");
        assert!(volume.join("data/made").is_dir());
        for path in ["up", "up/made", "far", "far/made", "nowhere"] {
            assert!(open(&volume, path, Kind::FolderUnlessPresent).is_err(), "{path}");
        }
    }

    #[test]
    fn refuses_parent_folders() {
        let folder = tempfile::tempdir().expect("folder");
        assert!(open(folder.path(), "a/../../b", Kind::Folder).is_err());
    }
}
