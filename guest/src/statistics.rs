//! What the machine and its containers use, read from the kernel at each call.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::boot::CGROUPS;
use crate::container::cgroup::number;
use crate::container::registry::{Container, Registry};
use crate::container::request;
use crate::machine::memory_kibibytes;
use crate::protocol::{ContainerStatistics, StatisticsResponse};
use crate::{clock, disks, volumes};

/// A walk through a container's files stops after as many.
const FILES_LIMIT: u32 = 100_000;

/// Blocking: walks through the files that containers wrote.
pub fn read(registry: &Registry) -> StatisticsResponse {
    let network = network();
    let scratch = nix::sys::statvfs::statvfs(disks::SCRATCH).ok();
    let bytes = |blocks: u64| scratch.as_ref().map_or(0, |scratch| blocks * scratch.fragment_size());
    let capacity = bytes(scratch.as_ref().map_or(0, |scratch| scratch.blocks()));
    let total = memory_kibibytes("MemTotal") * 1024;
    let available = memory_kibibytes("MemAvailable") * 1024;
    let cpu = fs::read_to_string(Path::new(CGROUPS).join("cpu.stat")).unwrap_or_default();
    let processes: u64 = registry.all().iter().map(|container| container.cgroup.number("pids.current", "")).sum();
    StatisticsResponse {
        unix_time_nanos: clock::unix_nanos(),
        machine_cpu_usage_nanos: number(&cpu, "usage_usec") * 1000,
        machine_memory_total_bytes: total,
        machine_memory_available_bytes: available,
        machine_memory_working_set_bytes: total.saturating_sub(available),
        containers: registry.all().iter().filter(|container| container.running()).map(|container| of_container(container)).collect(),
        network_receive_bytes: network[0],
        network_receive_errors: network[1],
        network_transmit_bytes: network[2],
        network_transmit_errors: network[3],
        scratch_capacity_bytes: capacity,
        scratch_available_bytes: bytes(scratch.as_ref().map_or(0, |scratch| scratch.blocks_available())),
        scratch_used_bytes: capacity.saturating_sub(bytes(scratch.as_ref().map_or(0, |scratch| scratch.blocks_free()))),
        process_count: processes,
        volumes: volumes::used(),
    }
}

fn of_container(container: &Container) -> ContainerStatistics {
    let state = container.state();
    let cgroup = &container.cgroup;
    let memory = cgroup.read("memory.stat");
    let usage = cgroup.number("memory.current", "");
    ContainerStatistics {
        cpu_usage_nanos: cgroup.number("cpu.stat", "usage_usec") * 1000,
        memory_usage_bytes: usage,
        // As a kubelet counts: what the kernel can drop at once is not in use.
        memory_working_set_bytes: usage.saturating_sub(number(&memory, "inactive_file")),
        memory_rss_bytes: number(&memory, "anon"),
        page_faults: number(&memory, "pgfault"),
        major_page_faults: number(&memory, "pgmajfault"),
        started_unix_nanos: state.started_unix_nanos,
        root_used_bytes: used_below(&request::folder(&state.container_id).join("upper")),
        log_used_bytes: container.log.unread(),
        container_id: state.container_id,
        name: state.name,
    }
}

/// Bytes on disk below a folder, as far as the limit lets look.
pub fn used_below(folder: &Path) -> u64 {
    let mut files_left = FILES_LIMIT;
    used(folder, &mut files_left)
}

/// Bytes that a file system of its own holds.
pub fn used_of_file_system(root: &Path) -> u64 {
    nix::sys::statvfs::statvfs(root).map_or(0, |data| (data.blocks() - data.blocks_free()) * data.fragment_size())
}

fn used(folder: &Path, files_left: &mut u32) -> u64 {
    let mut sum = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if *files_left == 0 {
            break;
        }
        *files_left -= 1;
        let Ok(data) = fs::symlink_metadata(entry.path()) else { continue };
        sum += data.blocks() * 512;
        if data.is_dir() {
            sum += used(&entry.path(), files_left);
        }
    }
    sum
}

/// Received bytes and errors, transmitted bytes and errors, of all interfaces but loopback.
fn network() -> [u64; 4] {
    sum_network(&fs::read_to_string("/proc/net/dev").unwrap_or_default())
}

fn sum_network(text: &str) -> [u64; 4] {
    let mut sums = [0; 4];
    for line in text.lines() {
        let Some((name, rest)) = line.split_once(':') else { continue };
        if name.trim() == "lo" {
            continue;
        }
        let fields: Vec<u64> = rest.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        for (sum, index) in sums.iter_mut().zip([0, 2, 8, 10]) {
            *sum += fields.get(index).copied().unwrap_or(0);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_interfaces_but_loopback() {
        let text = "Inter-| Receive\n face |bytes\n    lo: 9 9 9 0 0 0 0 0 9 9 9 0 0 0 0 0\n  eth0: 100 2 3 0 0 0 0 0 200 5 6 0 0 0 0 0\n";
        assert_eq!(sum_network(text), [100, 3, 200, 6]);
    }
}
