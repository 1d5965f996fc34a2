//! What the machine and its containers use.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::cgroup::Cgroup;
use crate::container::registry::{Container, Registry};
use crate::container::request;
use crate::protocol::{ContainerEvents, ContainerStatistics, FileSystem, StatisticsResponse, VolumeStatistics};
use crate::usage::{self, Detail};
use crate::{clock, disks, memory, volumes};

/// A walk through a container's or volume's files stops after as many.
const FILES_LIMIT: u64 = 100_000;

/// Blocking.
pub fn read(registry: &Registry, detail: Detail) -> StatisticsResponse {
    let containers = registry.all();
    let groups: Vec<Cgroup> = containers.iter().map(|container| container.cgroup.clone()).collect();
    StatisticsResponse {
        unix_time_nanos: clock::unix_nanos(),
        machine_memory_total_bytes: memory::kibibytes("MemTotal") << 10,
        machine_memory_available_bytes: memory::kibibytes("MemAvailable") << 10,
        machine: Some(usage::of_machine()),
        pod: Some(usage::of_group(&Cgroup::pod(), &groups, detail)),
        containers: containers.iter().filter(|container| container.running()).map(|container| of_container(container, detail)).collect(),
        scratch: file_system(Path::new(disks::SCRATCH)),
        volumes: if detail == Detail::All { volumes() } else { Vec::new() },
        processors: std::thread::available_parallelism().map_or(1, |count| count.get() as u32),
        events: events(registry, &containers),
    }
}

fn of_container(container: &Container, detail: Detail) -> ContainerStatistics {
    let state = container.state();
    let root = match detail {
        Detail::All => used(&request::folder(&state.container_id).join("upper")),
        Detail::Counters => Used::default(),
    };
    ContainerStatistics {
        started_unix_nanos: state.started_unix_nanos,
        root_used_bytes: root.bytes,
        root_inodes_used: root.files,
        log_used_bytes: container.log.unread(),
        container_id: state.container_id,
        name: state.name,
        usage: Some(usage::of_group(&container.cgroup, std::slice::from_ref(&container.cgroup), detail)),
    }
}

/// Of every container that ever ran, by name: attempts that are removed count too.
fn events(registry: &Registry, containers: &[std::sync::Arc<Container>]) -> Vec<ContainerEvents> {
    let mut kills: BTreeMap<String, u64> = registry.oom_kills_of_removed();
    for container in containers {
        *kills.entry(container.state().name).or_default() += container.cgroup.oom_kills();
    }
    kills.into_iter().map(|(name, oom_kills)| ContainerEvents { name, oom_kills }).collect()
}

#[derive(Debug, Default, Clone, Copy)]
struct Used {
    bytes: u64,
    files: u64,
}

/// What files below a folder, and the folder itself, take on disk.
fn used(folder: &Path) -> Used {
    let mut sum = Used::default();
    if let Ok(data) = fs::symlink_metadata(folder) {
        sum = Used { bytes: data.blocks() * 512, files: 1 };
        add_used(folder, data.dev(), &mut sum);
    }
    sum
}

fn add_used(folder: &Path, device: u64, sum: &mut Used) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if sum.files >= FILES_LIMIT {
            break;
        }
        let Ok(data) = fs::symlink_metadata(entry.path()) else { continue };
        if data.dev() != device {
            continue;
        }
        sum.files += 1;
        sum.bytes += data.blocks() * 512;
        if data.is_dir() {
            add_used(&entry.path(), device, sum);
        }
    }
}

/// Of the whole file system that the path lies on.
fn file_system(path: &Path) -> Option<FileSystem> {
    let told = nix::sys::statvfs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks * told.fragment_size();
    Some(FileSystem {
        capacity_bytes: bytes(told.blocks()),
        available_bytes: bytes(told.blocks_available()),
        used_bytes: bytes(told.blocks().saturating_sub(told.blocks_free())),
        inodes: told.files(),
        inodes_free: told.files_free(),
        inodes_used: told.files().saturating_sub(told.files_free()),
    })
}

/// A volume with a file system of its own is asked for what it uses, a folder of a shared one is walked through.
fn volumes() -> Vec<VolumeStatistics> {
    let of_volume = |(name, path): (String, std::path::PathBuf)| {
        let mut file_system = file_system(&path)?;
        if !disks::is_mount_point(&path) {
            let used = used(&path);
            file_system.used_bytes = used.bytes;
            file_system.inodes_used = used.files;
        }
        Some(VolumeStatistics { name, file_system: Some(file_system) })
    };
    volumes::measurable().into_iter().filter_map(of_volume).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_files_and_their_folder() {
        let folder = tempfile::tempdir().expect("folder");
        fs::create_dir(folder.path().join("inner")).expect("folder");
        fs::write(folder.path().join("inner/file"), vec![1; 10_000]).expect("file");

        let used = used(folder.path());

        assert_eq!(used.files, 3);
        assert!(used.bytes >= 10_000, "{used:?}");
    }
}
