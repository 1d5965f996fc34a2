//! The counters of one cgroup, read from the kernel at each call.

use std::fs;
use std::path::Path;

use crate::cgroup::{Cgroup, number, oom_kills};
use crate::memory;
use crate::protocol::{DeviceUsage, Pressure, Stall, Usage};

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Counters of the kernel only.
    Counters,
    /// What takes a walk through files or processes, too.
    All,
}

/// What a container uses, or all of them.
pub fn of_group(cgroup: &Cgroup, groups: &[Cgroup], detail: Detail) -> Usage {
    let memory = cgroup.read("memory.stat");
    let current = cgroup.number("memory.current", "");
    let events = cgroup.read("memory.events");
    let (quota, period) = quota(&cgroup.read("cpu.max"));
    let processes: Vec<i32> = groups.iter().flat_map(Cgroup::processes).collect();
    let (open_files, sockets) = if detail == Detail::All { open_files(&processes) } else { (0, 0) };
    Usage {
        memory_bytes: current,
        memory_peak_bytes: cgroup.number("memory.peak", ""),
        // As a kubelet counts: what the kernel can drop at once is not in use.
        memory_working_set_bytes: current.saturating_sub(number(&memory, "inactive_file")),
        memory_limit_hits: number(&events, "max"),
        oom_kills: oom_kills(&events),
        swap_bytes: cgroup.number("memory.swap.current", ""),
        processes: processes.len() as u64,
        threads: cgroup.number("pids.current", ""),
        threads_limit: cgroup.number("pids.max", ""),
        open_files,
        sockets,
        cpu_pressure: pressure(&cgroup.read("cpu.pressure")),
        memory_pressure: pressure(&cgroup.read("memory.pressure")),
        io_pressure: pressure(&cgroup.read("io.pressure")),
        cpu_weight: cgroup.number("cpu.weight", ""),
        cpu_quota_micros: quota,
        cpu_period_micros: period,
        memory_limit_bytes: cgroup.number("memory.max", ""),
        memory_protected_bytes: cgroup.number("memory.min", ""),
        ..common(cgroup, &memory)
    }
}

/// What the machine uses, with the guest and its kernel. The root of all cgroups does not know its memory.
pub fn of_machine() -> Usage {
    let root = Cgroup::machine();
    let memory = root.read("memory.stat");
    let kernel = |name: &str| memory::kibibytes(name) << 10;
    let global = |name: &str| fs::read_to_string(Path::new("/proc/pressure").join(name)).unwrap_or_default();
    let used = kernel("MemTotal").saturating_sub(kernel("MemFree"));
    let vm = fs::read_to_string("/proc/vmstat").unwrap_or_default();
    Usage {
        memory_bytes: used,
        memory_working_set_bytes: used.saturating_sub(kernel("Inactive(file)")),
        memory_anonymous_bytes: kernel("AnonPages"),
        memory_file_bytes: kernel("Cached"),
        memory_mapped_bytes: kernel("Mapped"),
        oom_kills: number(&vm, "oom_kill"),
        page_faults: number(&vm, "pgfault"),
        major_page_faults: number(&vm, "pgmajfault"),
        swap_bytes: kernel("SwapTotal").saturating_sub(kernel("SwapFree")),
        processes: fs::read_dir("/proc")
            .map_or(0, |entries| entries.flatten().filter(|entry| is_number(&entry.file_name())).count() as u64),
        cpu_pressure: pressure(&global("cpu")),
        memory_pressure: pressure(&global("memory")),
        io_pressure: pressure(&global("io")),
        ..common(&root, &memory)
    }
}

fn common(cgroup: &Cgroup, memory: &str) -> Usage {
    let cpu = cgroup.read("cpu.stat");
    let nanos = |key: &str| number(&cpu, key) * 1000;
    Usage {
        cpu_nanos: nanos("usage_usec"),
        cpu_user_nanos: nanos("user_usec"),
        cpu_system_nanos: nanos("system_usec"),
        cpu_periods: number(&cpu, "nr_periods"),
        cpu_throttled_periods: number(&cpu, "nr_throttled"),
        cpu_throttled_nanos: nanos("throttled_usec"),
        cpu_burst_periods: number(&cpu, "nr_bursts"),
        cpu_burst_nanos: nanos("burst_usec"),
        memory_anonymous_bytes: number(memory, "anon"),
        memory_file_bytes: number(memory, "file"),
        memory_mapped_bytes: number(memory, "file_mapped"),
        memory_active_file_bytes: number(memory, "active_file"),
        memory_inactive_file_bytes: number(memory, "inactive_file"),
        memory_kernel_bytes: number(memory, "kernel"),
        page_faults: number(memory, "pgfault"),
        major_page_faults: number(memory, "pgmajfault"),
        devices: devices(&cgroup.read("io.stat"), &device_name),
        ..Usage::default()
    }
}

/// Microseconds of the quota and of its period; no quota is 0.
fn quota(text: &str) -> (i64, u64) {
    let mut words = text.split_whitespace();
    let quota = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    (quota, words.next().and_then(|word| word.parse().ok()).unwrap_or(0))
}

/// Lines of `MAJOR:MINOR rbytes=… wbytes=… rios=… wios=… …`.
fn devices(text: &str, name: &dyn Fn(&str) -> Option<String>) -> Vec<DeviceUsage> {
    let of_line = |line: &str| {
        let (number, rest) = line.split_once(' ')?;
        let value = |key: &str| rest.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('=')?.parse().ok()).unwrap_or(0);
        Some(DeviceUsage {
            device: name(number)?,
            read_bytes: value("rbytes"),
            written_bytes: value("wbytes"),
            reads: value("rios"),
            writes: value("wios"),
        })
    };
    text.lines().filter_map(of_line).collect()
}

fn device_name(number: &str) -> Option<String> {
    let link = fs::read_link(Path::new("/sys/dev/block").join(number)).ok()?;
    Some(format!("/dev/{}", link.file_name()?.to_str()?))
}

/// Two lines, `some` and `full`, of `avg10=… avg60=… avg300=… total=…`; nothing where the kernel does not tell.
fn pressure(text: &str) -> Option<Pressure> {
    let stall = |kind: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(' '))?;
        let word = |key: &str| line.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        let percent = |key: &str| word(key).and_then(|value| value.parse().ok()).unwrap_or(0.0);
        Some(Stall {
            percent_10s: percent("avg10"),
            percent_60s: percent("avg60"),
            percent_300s: percent("avg300"),
            total_nanos: word("total").and_then(|value| value.parse::<u64>().ok()).unwrap_or(0) * 1000,
        })
    };
    let some = stall("some")?;
    Some(Pressure { some: Some(some), full: stall("full") })
}

/// Files that the processes hold open, and how many of them are sockets.
fn open_files(processes: &[i32]) -> (u64, u64) {
    let (mut files, mut sockets) = (0, 0);
    for process in processes {
        for entry in fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten() {
            files += 1;
            sockets += u64::from(fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().starts_with("socket:")));
        }
    }
    (files, sockets)
}

fn is_number(name: &std::ffi::OsStr) -> bool {
    name.to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pressure() {
        let text = "some avg10=1.50 avg60=0.20 avg300=0.00 total=1234\nfull avg10=0.10 avg60=0.00 avg300=0.00 total=7\n";

        let pressure = pressure(text).expect("pressure");

        let some = Stall { percent_10s: 1.5, percent_60s: 0.2, percent_300s: 0.0, total_nanos: 1_234_000 };
        assert_eq!(pressure.some, Some(some));
        assert_eq!(pressure.full.expect("full").total_nanos, 7_000);
    }

    #[test]
    fn tells_no_pressure_where_the_kernel_tells_none() {
        assert_eq!(pressure(""), None);
    }

    #[test]
    fn reads_what_devices_did() {
        let text = "254:0 rbytes=4096 wbytes=512 rios=2 wios=1 dbytes=0 dios=0\n1:1 rbytes=1 wbytes=1 rios=1 wios=1\n";
        let name = |number: &str| (number == "254:0").then(|| "/dev/vda".to_owned());

        let found = devices(text, &name);

        let expected = DeviceUsage { device: "/dev/vda".to_owned(), read_bytes: 4096, written_bytes: 512, reads: 2, writes: 1 };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn reads_a_quota_and_its_absence() {
        assert_eq!(quota("25000 100000\n"), (25_000, 100_000));
        assert_eq!(quota("max 100000\n"), (0, 100_000));
    }
}
