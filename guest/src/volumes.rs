//! The pod's volumes and files. Volumes of files change all at once: programs see the old files or the new ones.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};
use nix::mount::{MsFlags, mount, umount};

use crate::protocol::write_volume_request::Kind;
use crate::protocol::{EmptyDirectory, Files, ReadVolumeFileRequest, WritePodFilesRequest, WriteVolumeRequest};
use crate::{boot, clock, disks, inroot};

const DATA: &str = "..data";
/// What a file of environment variables may hold.
const FILE_LIMIT: u64 = 64 << 10;
/// As containerd's.
const SHARED_MEMORY: &str = "mode=1777,size=65536k";

/// Why a volume can't be had.
#[derive(Debug)]
pub enum Error {
    Name(String),
    NoKind,
    Missing(String),
    /// A file of it can't be read.
    Unreadable(anyhow::Error),
    Failed(anyhow::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(formatter, "volume name {name:?}"),
            Self::NoKind => formatter.write_str("the volume has no kind"),
            Self::Missing(name) => write!(formatter, "there is no volume {name:?}"),
            Self::Unreadable(error) | Self::Failed(error) => write!(formatter, "{error:#}"),
        }
    }
}

/// A volume that containers can have.
struct Volume {
    path: PathBuf,
    contents: Contents,
}

/// What has to be remembered of a volume.
enum Contents {
    EmptyDirectory,
    /// As they were written last.
    Files(Files),
    Mounted,
}

static VOLUMES: Mutex<BTreeMap<String, Volume>> = Mutex::new(BTreeMap::new());

/// Where the volume of that name is; fails when there is none. Asks no file system: one on a server that is dead would not answer.
pub fn path(name: &str) -> Result<PathBuf, Error> {
    let volumes = VOLUMES.lock().expect("volumes lock");
    volumes.get(name).map(|volume| volume.path.clone()).ok_or_else(|| Error::Missing(name.to_owned()))
}

/// Whether mount points may be made in the volume: in those that the machine itself holds, not on a server or in an image.
pub fn takes_mounts(name: &str) -> bool {
    let volumes = VOLUMES.lock().expect("volumes lock");
    volumes.get(name).is_some_and(|volume| !matches!(volume.contents, Contents::Mounted))
}

/// The volumes that the machine itself holds, by name. Not those on servers: one that is dead would not answer who measures it.
pub fn measurable() -> Vec<(String, PathBuf)> {
    let volumes = VOLUMES.lock().expect("volumes lock");
    let held = volumes.iter().filter(|(_, volume)| matches!(volume.contents, Contents::EmptyDirectory | Contents::Files(_)));
    held.map(|(name, volume)| (name.clone(), volume.path.clone())).collect()
}

pub fn pod_file(name: &str) -> PathBuf {
    Path::new(disks::SCRATCH).join("pod").join(name)
}

/// For what must not come to a disk, and for mounts.
pub fn place_in_memory(name: &str) -> PathBuf {
    Path::new(boot::RUN).join("volumes").join(name)
}

fn place_on_disk(name: &str) -> PathBuf {
    Path::new(disks::SCRATCH).join("volumes").join(name)
}

pub fn check_name(name: &str) -> Result<(), Error> {
    let legal = !name.is_empty() && name.len() <= 253 && !name.starts_with('.') && !name.contains(['/', '\0']);
    if legal { Ok(()) } else { Err(Error::Name(name.to_owned())) }
}

/// Notes a volume down that was mounted elsewhere.
pub fn add_mounted(name: &str, path: PathBuf) {
    remember(name, path, Contents::Mounted);
}

fn remember(name: &str, path: PathBuf, contents: Contents) {
    VOLUMES.lock().expect("volumes lock").insert(name.to_owned(), Volume { path, contents });
}

/// Removes a volume of files that no container has any more.
pub fn remove_files(name: &str) -> Result<()> {
    VOLUMES.lock().expect("volumes lock").remove(name);
    fs::remove_dir_all(place_in_memory(name)).with_context(|| format!("remove volume {name}"))
}

/// All kinds but those on servers, which [`crate::nfs`] mounts.
pub fn write(request: &WriteVolumeRequest) -> Result<(), Error> {
    check_name(&request.name)?;
    let name = &request.name;
    let written = match &request.kind {
        Some(Kind::EmptyDirectory(directory)) => {
            let path = place_on_disk(name);
            make_directory(&path, directory).map(|()| remember(name, path, Contents::EmptyDirectory))
        }
        Some(Kind::Files(files)) if holds(name, files) => Ok(()),
        Some(Kind::Files(files)) => {
            let path = place_in_memory(name);
            write_files(&path, files).map(|()| remember(name, path, Contents::Files(files.clone())))
        }
        Some(Kind::Image(_)) if path(name).is_ok() => Ok(()),
        Some(Kind::Image(image)) => {
            let path = place_in_memory(name);
            mount_image(&path, image.disk_slot).map(|()| remember(name, path, Contents::Mounted))
        }
        Some(Kind::NetworkFileSystem(_)) | None => return Err(Error::NoKind),
    };
    written.with_context(|| format!("volume {name}")).map_err(Error::Failed)
}

fn holds(name: &str, files: &Files) -> bool {
    let volumes = VOLUMES.lock().expect("volumes lock");
    volumes.get(name).is_some_and(|volume| matches!(&volume.contents, Contents::Files(known) if known == files))
}

/// A view of the image in which nothing can be run.
fn mount_image(target: &Path, slot: u32) -> Result<()> {
    let image = disks::mount_image(slot)?;
    fs::create_dir_all(target)?;
    mount(Some(&image), target, None::<&str>, MsFlags::MS_BIND, None::<&str>).context("bind the image")?;
    let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(None::<&str>, target, None::<&str>, flags, None::<&str>).context("make it read-only")?;
    Ok(())
}

/// What a container wrote into that file of a volume.
pub fn read_file(request: &ReadVolumeFileRequest) -> Result<Vec<u8>, Error> {
    let root = path(&request.name)?;
    let read = || -> Result<Vec<u8>> {
        let mut content = Vec::new();
        inroot::open_to_read(&root, &request.path, FILE_LIMIT)?.take(FILE_LIMIT).read_to_end(&mut content)?;
        Ok(content)
    };
    read().with_context(|| format!("volume {}", request.name)).map_err(Error::Unreadable)
}

/// Where the memory is that all containers of the pod see as /dev/shm.
pub fn shared_memory() -> PathBuf {
    Path::new(boot::RUN).join("shm")
}

/// Makes it, once, before any container.
pub fn make_shared_memory() -> Result<()> {
    fs::create_dir_all(shared_memory())?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("shm"), &shared_memory(), Some("tmpfs"), flags, Some(SHARED_MEMORY)).context("mount the pod's shared memory")?;
    Ok(())
}

/// Once no container has it any more.
pub fn unmake_shared_memory() -> Result<()> {
    umount(&shared_memory()).context("unmount the pod's shared memory")
}

/// In place, since containers hold these files by bind mounts.
pub fn write_pod_files(request: &WritePodFilesRequest) -> Result<(), Error> {
    let write = |name: &str, content: &[u8]| fs::write(pod_file(name), content).with_context(|| name.to_owned()).map_err(Error::Failed);
    write("hosts", &request.hosts)?;
    write("resolv.conf", &request.resolv_conf)
}

fn make_directory(target: &Path, directory: &EmptyDirectory) -> Result<()> {
    if target.exists() {
        return Ok(());
    }
    fs::create_dir_all(target)?;
    if directory.memory {
        let options = if directory.size_limit_bytes > 0 { format!("size={}", directory.size_limit_bytes) } else { String::new() };
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("tmpfs"), target, Some("tmpfs"), flags, Some(options.as_str())).context("mount a tmpfs")?;
    }
    give_to_group(target, directory.fs_group)?;
    // A tmpfs keeps the sticky bit of its root, as under a kubelet.
    let sticky = if directory.memory { 0o1000 } else { 0 };
    let mode = 0o777 | sticky | if directory.fs_group.is_some() { 0o2000 } else { 0 };
    fs::set_permissions(target, fs::Permissions::from_mode(mode))?;
    Ok(())
}

fn give_to_group(path: &Path, group: Option<i64>) -> Result<()> {
    if let Some(group) = group {
        chown(path, None, Some(u32::try_from(group).context("fs_group")?))?;
    }
    Ok(())
}

/// As a kubelet's atomic writer: `name -> ..data/name`, `..data -> ..2026_…`, and the latter link is what is swapped.
fn write_files(target: &Path, files: &Files) -> Result<()> {
    for file in &files.files {
        check_path(&file.path)?;
    }
    fs::create_dir_all(target)?;
    set_root_mode(target, files)?;
    let previous = fs::read_link(target.join(DATA)).ok();
    let stamp = format!("..{}", clock::rfc3339(clock::unix_nanos()).replace(['-', 'T', ':', '.'], "_").trim_end_matches('Z'));
    let fresh = target.join(&stamp);
    fs::create_dir(&fresh).with_context(|| format!("create {stamp}"))?;
    set_folder_mode(&fresh, files.fs_group)?;
    for file in &files.files {
        write_file(&fresh, file, files.fs_group).with_context(|| format!("write {}", file.path))?;
    }
    let link = target.join("..data_tmp");
    let _ = fs::remove_file(&link);
    symlink(&stamp, &link)?;
    fs::rename(&link, target.join(DATA)).context("swap the data")?;
    link_names(target, files)?;
    if let Some(previous) = previous {
        let _ = fs::remove_dir_all(target.join(previous));
    }
    Ok(())
}

pub fn check_path(path: &str) -> Result<()> {
    let mut components = Path::new(path).components();
    let plain = !path.is_empty() && components.all(|component| matches!(component, Component::Normal(_)));
    ensure!(plain && !path.starts_with(".."), "path {path:?} is not plain and relative");
    Ok(())
}

/// As of the emptyDir that a kubelet keeps the files in.
fn set_root_mode(target: &Path, files: &Files) -> Result<()> {
    give_to_group(target, files.fs_group)?;
    let mode = 0o777 | if files.sticky { 0o1000 } else { 0 } | if files.fs_group.is_some() { 0o2000 } else { 0 };
    fs::set_permissions(target, fs::Permissions::from_mode(mode))?;
    Ok(())
}

fn set_folder_mode(path: &Path, group: Option<i64>) -> Result<()> {
    give_to_group(path, group)?;
    fs::set_permissions(path, fs::Permissions::from_mode(if group.is_some() { 0o2755 } else { 0o755 }))?;
    Ok(())
}

fn write_file(root: &Path, file: &crate::protocol::VolumeFile, group: Option<i64>) -> Result<()> {
    let path = root.join(&file.path);
    let mut parents: Vec<&Path> = path.ancestors().skip(1).take_while(|parent| *parent != root).collect();
    parents.reverse();
    for parent in parents {
        if !parent.exists() {
            fs::create_dir(parent)?;
            set_folder_mode(parent, group)?;
        }
    }
    fs::write(&path, &file.content)?;
    if let Some(user) = file.user {
        chown(&path, Some(u32::try_from(user).context("owner")?), None)?;
    }
    give_to_group(&path, group)?;
    // Whoever the volume is given to can read it, whatever its mode says.
    let mode = file.mode & 0o7777 | if group.is_some() { 0o440 } else { 0 };
    fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    Ok(())
}

/// One link per first path segment; links whose file is gone go too.
fn link_names(target: &Path, files: &Files) -> Result<()> {
    let wanted: std::collections::BTreeSet<&str> = files.files.iter().filter_map(|file| file.path.split('/').next()).collect();
    for name in &wanted {
        let link = target.join(name);
        if fs::symlink_metadata(&link).is_err() {
            symlink(Path::new(DATA).join(name), &link)?;
        }
    }
    for entry in fs::read_dir(target)?.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { bail!("a name that is not UTF-8") };
        // Not folders, which were made for a subPath.
        if !name.starts_with("..") && !wanted.contains(name) && entry.file_type()?.is_symlink() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::VolumeFile;

    fn files(entries: &[(&str, &str)]) -> Files {
        let file = |(path, content): &(&str, &str)| VolumeFile {
            path: (*path).to_owned(),
            content: content.as_bytes().to_vec(),
            mode: 0o440,
            user: None,
        };
        Files { files: entries.iter().map(file).collect(), ..Files::default() }
    }

    #[test]
    fn replaces_all_files_at_once() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("config");
        write_files(&target, &files(&[("a", "1"), ("sub/b", "2")])).expect("first");
        write_files(&target, &files(&[("a", "3"), ("c", "4")])).expect("second");

        assert_eq!(fs::read_to_string(target.join("a")).expect("a"), "3");
        assert_eq!(fs::read_to_string(target.join("c")).expect("c"), "4");
        assert!(!target.join("sub").exists());
        assert_eq!(fs::read_link(target.join("a")).expect("link"), Path::new("..data/a"));
        let folders = fs::read_dir(&target).expect("list").flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("..2"));
        assert_eq!(folders.count(), 1);
    }

    #[test]
    fn gives_files_to_the_group_that_the_pod_names() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("secret");
        let mut secret = files(&[("sub/key", "1")]);
        secret.files[0].mode = 0o400;
        // The tests' own group: only root may give files to any other.
        let group = nix::unistd::getegid().as_raw();
        write_files(&target, &Files { fs_group: Some(i64::from(group)), sticky: true, ..secret }).expect("write");

        let mode = |path: &str| fs::metadata(target.join(path)).expect("made").permissions().mode() & 0o7777;
        assert_eq!((mode(""), mode("sub"), mode("sub/key")), (0o3777, 0o2755, 0o440));
    }

    #[test]
    fn keeps_folders_that_a_sub_path_made() {
        let folder = tempfile::tempdir().expect("folder");
        write_files(folder.path(), &files(&[("a", "1")])).expect("first");
        fs::create_dir(folder.path().join("made")).expect("folder");
        write_files(folder.path(), &files(&[("b", "2")])).expect("second");
        assert!(folder.path().join("made").is_dir());
        assert!(fs::symlink_metadata(folder.path().join("a")).is_err());
    }

    #[test]
    fn refuses_paths_that_leave_the_volume() {
        let folder = tempfile::tempdir().expect("folder");
        for path in ["../a", "/a", "a/../b", "", "..data"] {
            assert!(write_files(folder.path(), &files(&[(path, "")])).is_err(), "{path}");
        }
    }
}
