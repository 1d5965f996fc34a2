//! One cgroup per container, below one for the pod.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::boot::CGROUPS;
use crate::memory;
use crate::protocol::Resources;

const DEFAULT_PERIOD_MICROS: u64 = 100_000;
const CONTROLLERS: [&str; 5] = ["cpu", "memory", "pids", "io", "cpuset"];
/// Memory that containers never get: what the guest and its kernel take (40 MiB, measured), and some more, so that the guest still
/// answers and tells of their end when they have used up the rest.
const MEMORY_RESERVE_BYTES: u64 = 64 << 20;
/// Of so many threads that the kernel can have, one is for the guest.
const THREADS_RESERVE: u64 = 8;

/// Why limits were not changed.
#[derive(Debug)]
pub enum Error {
    InUse { limit_bytes: u64, used_bytes: u64 },
    Failed(anyhow::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { limit_bytes, used_bytes } => {
                write!(formatter, "memory limit of {limit_bytes} bytes is below the {used_bytes} bytes in use")
            }
            Self::Failed(error) => write!(formatter, "{error:#}"),
        }
    }
}

impl std::error::Error for Error {}

#[derive(Debug, Clone)]
pub struct Cgroup(PathBuf);

/// Makes the pod's cgroup; done once before any container.
pub fn make_pod() -> Result<()> {
    let pod = Cgroup::pod();
    fs::create_dir_all(pod.path()).context("create the pod's cgroup")?;
    for controller in CONTROLLERS {
        // One at a time: a kernel without one of them must not lose the others.
        let _ = fs::write(pod.path().join("cgroup.subtree_control"), format!("+{controller}"));
    }
    pod.apply(&Resources::default())
}

/// Makes it anew, without what it has counted; fails while a container is in it.
pub fn remake_pod() -> Result<()> {
    Cgroup::pod().remove().context("remove the pod's cgroup")?;
    make_pod()
}

/// What all containers together may have at most.
fn pod_memory_max(asked_bytes: u64) -> u64 {
    let all = (memory::kibibytes("MemTotal") << 10).saturating_sub(MEMORY_RESERVE_BYTES);
    if asked_bytes == 0 { all } else { asked_bytes.min(all) }
}

fn pod_threads_max(asked: u64) -> u64 {
    let limit = |file: &str| fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(u64::MAX);
    let all = limit("/proc/sys/kernel/threads-max").min(limit("/proc/sys/kernel/pid_max"));
    let most = all - all / THREADS_RESERVE;
    if asked == 0 { most } else { asked.min(most) }
}

impl Cgroup {
    /// The one that holds those of all containers.
    pub fn pod() -> Self {
        Self(Path::new(CGROUPS).join("pod"))
    }

    pub fn machine() -> Self {
        Self(PathBuf::from(CGROUPS))
    }

    pub fn create(name: &str, resources: &Resources) -> Result<Self> {
        let cgroup = Self(Self::pod().0.join(name));
        fs::create_dir_all(&cgroup.0).context("create the cgroup")?;
        cgroup.apply(resources)?;
        // The container ends as a whole, not with one process less that the others wait for.
        cgroup.set("memory.oom.group", "1")?;
        Ok(cgroup)
    }

    /// Other limits for what runs. Takes no memory away that is in use: the kernel would kill for it.
    pub fn limit(&self, resources: &Resources) -> Result<(), Error> {
        let used_bytes = self.number("memory.current", "");
        let limit_bytes = resources.memory_max_bytes;
        if limit_bytes > 0 && limit_bytes < used_bytes {
            return Err(Error::InUse { limit_bytes, used_bytes });
        }
        self.apply(resources).map_err(Error::Failed)
    }

    fn apply(&self, resources: &Resources) -> Result<()> {
        let maximum = |value: u64| if value == 0 { "max".to_owned() } else { value.to_string() };
        let pod = self.0 == Self::pod().0;
        let (memory_max, threads_max) = if pod {
            (pod_memory_max(resources.memory_max_bytes), pod_threads_max(resources.pids_max))
        } else {
            (resources.memory_max_bytes, resources.pids_max)
        };
        self.set("memory.max", &maximum(memory_max))?;
        self.set("memory.min", &resources.memory_min_bytes.to_string())?;
        if self.0.join("memory.swap.max").exists() {
            self.set("memory.swap.max", "0")?;
        }
        self.set("pids.max", &maximum(threads_max))?;
        if resources.cpu_weight > 0 {
            self.set("cpu.weight", &resources.cpu_weight.to_string())?;
        }
        let period = if resources.cpu_period_micros == 0 { DEFAULT_PERIOD_MICROS } else { resources.cpu_period_micros };
        let quota = if resources.cpu_quota_micros > 0 { resources.cpu_quota_micros.to_string() } else { "max".to_owned() };
        self.set("cpu.max", &format!("{quota} {period}"))
    }

    fn set(&self, file: &str, value: &str) -> Result<()> {
        fs::write(self.0.join(file), value).with_context(|| format!("set {file} to {value}"))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap_or_default()
    }

    /// A number of a file that is one number or lines of `key number`.
    pub fn number(&self, file: &str, key: &str) -> u64 {
        number(&self.read(file), key)
    }

    /// How often the kernel killed for want of memory: the container's, the pod's or the machine's. A container that is killed as a
    /// whole counts once.
    pub fn oom_kills(&self) -> u64 {
        oom_kills(&self.read("memory.events"))
    }

    pub fn processes(&self) -> Vec<i32> {
        self.read("cgroup.procs").lines().filter_map(|line| line.parse().ok()).collect()
    }

    pub fn kill(&self) {
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
    }

    /// Fails while a process is in it.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

/// From the text of `memory.events`.
pub fn oom_kills(events: &str) -> u64 {
    match number(events, "oom_group_kill") {
        0 => number(events, "oom_kill"),
        groups => groups,
    }
}

/// The number after the key, or the text's only number when the key is empty; 0 when there is none.
pub fn number(text: &str, key: &str) -> u64 {
    let find = |line: &str| match key {
        "" => line.trim().parse().ok(),
        key => line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok(),
    };
    text.lines().find_map(find).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_a_container_that_was_killed_as_a_whole_once() {
        assert_eq!(oom_kills("low 0\nmax 9\noom 1\noom_kill 3\noom_group_kill 1\n"), 1);
        assert_eq!(oom_kills("oom 2\noom_kill 2\n"), 2);
    }
}
