//! The pod's volumes and files. Volumes of files change all at once: programs see the old files or the new ones.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use nix::mount::{MsFlags, mount};
use tonic::Status;

use crate::protocol::{EmptyDirectory, Files, WritePodFilesRequest, WriteVolumeRequest, write_volume_request};
use crate::{boot, clock, disks};

const DATA: &str = "..data";

/// Where the volume of that name is; fails when there is none.
pub fn path(name: &str) -> Result<PathBuf, Status> {
    check_name(name)?;
    let found = roots().into_iter().map(|root| root.join(name)).find(|path| path.exists());
    found.ok_or_else(|| Status::failed_precondition(format!("there is no volume {name:?}")))
}

/// Every volume that was written, by name.
pub fn all() -> Vec<(String, PathBuf)> {
    let entries = roots().into_iter().flat_map(|root| fs::read_dir(root).into_iter().flatten().flatten());
    entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path()))).collect()
}

pub fn pod_file(name: &str) -> PathBuf {
    Path::new(disks::SCRATCH).join("pod").join(name)
}

/// Directories on the scratch disk; files, which may be secrets, in memory.
fn roots() -> [PathBuf; 2] {
    [Path::new(disks::SCRATCH).join("volumes"), Path::new(boot::RUN).join("volumes")]
}

fn check_name(name: &str) -> Result<(), Status> {
    let legal = !name.is_empty() && name.len() <= 253 && !name.starts_with('.') && !name.contains(['/', '\0']);
    if legal { Ok(()) } else { Err(Status::invalid_argument(format!("volume name {name:?}"))) }
}

pub fn write(request: &WriteVolumeRequest) -> Result<(), Status> {
    check_name(&request.name)?;
    let [disk, memory] = roots();
    let written = match &request.kind {
        Some(write_volume_request::Kind::EmptyDirectory(directory)) => make_directory(&disk.join(&request.name), directory),
        Some(write_volume_request::Kind::Files(files)) => write_files(&memory.join(&request.name), files),
        None => return Err(Status::invalid_argument("the volume has no kind")),
    };
    written.with_context(|| format!("volume {}", request.name)).map_err(|error| Status::internal(format!("{error:#}")))
}

/// In place, since containers hold these files by bind mounts.
pub fn write_pod_files(request: &WritePodFilesRequest) -> Result<(), Status> {
    let write =
        |name: &str, content: &[u8]| fs::write(pod_file(name), content).map_err(|error| Status::internal(format!("{name}: {error}")));
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
    set_folder_mode(target, files.fs_group)?;
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

fn check_path(path: &str) -> Result<()> {
    let mut components = Path::new(path).components();
    let plain = !path.is_empty() && components.all(|component| matches!(component, Component::Normal(_)));
    ensure!(plain && !path.starts_with(".."), "path {path:?} is not plain and relative");
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
    fs::set_permissions(&path, fs::Permissions::from_mode(file.mode & 0o7777))?;
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
        if !name.starts_with("..") && !wanted.contains(name) {
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
        Files { files: entries.iter().map(file).collect(), fs_group: None }
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
    fn refuses_paths_that_leave_the_volume() {
        let folder = tempfile::tempdir().expect("folder");
        for path in ["../a", "/a", "a/../b", "", "..data"] {
            assert!(write_files(folder.path(), &files(&[(path, "")])).is_err(), "{path}");
        }
    }
}
