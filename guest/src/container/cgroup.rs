//! One cgroup per container, below one for the pod.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::boot::CGROUPS;
use crate::protocol::Resources;

const DEFAULT_PERIOD_MICROS: u64 = 100_000;
const CONTROLLERS: [&str; 5] = ["cpu", "memory", "pids", "io", "cpuset"];

#[derive(Debug, Clone)]
pub struct Cgroup(PathBuf);

/// The cgroup that holds those of all containers.
pub fn pod() -> PathBuf {
    Path::new(CGROUPS).join("pod")
}

/// Makes the pod's cgroup; done once before any container.
pub fn make_pod() -> io::Result<()> {
    fs::create_dir_all(pod())?;
    for controller in CONTROLLERS {
        // One at a time: a kernel without one of them must not lose the others.
        let _ = fs::write(pod().join("cgroup.subtree_control"), format!("+{controller}"));
    }
    Ok(())
}

impl Cgroup {
    pub fn create(name: &str, resources: &Resources) -> Result<Self> {
        let cgroup = Self(pod().join(name));
        fs::create_dir_all(&cgroup.0).context("create the cgroup")?;
        cgroup.limit(resources)?;
        Ok(cgroup)
    }

    fn limit(&self, resources: &Resources) -> Result<()> {
        let maximum = |value: u64| if value == 0 { "max".to_owned() } else { value.to_string() };
        self.set("memory.max", &maximum(resources.memory_max_bytes))?;
        self.set("memory.min", &resources.memory_min_bytes.to_string())?;
        self.set("memory.oom.group", "1")?;
        self.set("pids.max", &maximum(resources.pids_max))?;
        if resources.cpu_weight > 0 {
            self.set("cpu.weight", &resources.cpu_weight.to_string())?;
        }
        if resources.cpu_quota_micros > 0 {
            let period = if resources.cpu_period_micros == 0 { DEFAULT_PERIOD_MICROS } else { resources.cpu_period_micros };
            self.set("cpu.max", &format!("{} {period}", resources.cpu_quota_micros))?;
        }
        Ok(())
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

    pub fn oom_killed(&self) -> bool {
        self.number("memory.events", "oom_kill") > 0
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

/// The number after the key, or the text's only number when the key is empty; 0 when there is none.
pub fn number(text: &str, key: &str) -> u64 {
    let find = |line: &str| match key {
        "" => line.trim().parse().ok(),
        key => line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok(),
    };
    text.lines().find_map(find).unwrap_or(0)
}
