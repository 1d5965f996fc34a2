//! The machine's identity, given once by the agent.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use tonic::Status;

use crate::container::cgroup::Cgroup;
use crate::protocol::{ConfigureRequest, ConfigureResponse};
use crate::{clock, disks, network};

/// What a configured machine remembers.
#[derive(Debug, Clone)]
pub struct Identity {
    pub machine_id: String,
    pub address: String,
    pub share_process_namespace: bool,
}

#[derive(Default)]
pub struct Machine {
    identity: Mutex<Option<Identity>>,
}

impl Machine {
    /// Blocking. A second call with the same machine id answers as the first did, and only sets the clock again.
    pub fn configure(&self, request: &ConfigureRequest) -> Result<ConfigureResponse, Status> {
        let mut identity = self.identity.lock().expect("identity lock");
        if request.entropy.len() < 32 {
            return Err(Status::invalid_argument(format!("{} bytes of entropy, at least 32 are needed", request.entropy.len())));
        }
        match identity.as_ref() {
            Some(known) if known.machine_id != request.machine_id => {
                return Err(Status::failed_precondition(format!("this machine is {} already", known.machine_id)));
            }
            known => apply(request, known.is_none()).map_err(|error| Status::internal(format!("{error:#}")))?,
        }
        *identity = Some(Identity {
            machine_id: request.machine_id.clone(),
            address: request.network.as_ref().map_or_else(|| "127.0.0.1".to_owned(), |network| network.address.clone()),
            share_process_namespace: request.share_process_namespace,
        });
        answer().map_err(|error| Status::internal(format!("{error:#}")))
    }

    /// Fails until the machine is configured.
    pub fn identity(&self) -> Result<Identity, Status> {
        let identity = self.identity.lock().expect("identity lock");
        identity.clone().ok_or_else(|| Status::failed_precondition("the machine is not configured"))
    }
}

fn apply(request: &ConfigureRequest, first: bool) -> Result<()> {
    clock::set(request.unix_time_nanos).context("set the clock")?;
    if !first {
        return Ok(());
    }
    clock::add_entropy(&request.entropy).context("add entropy")?;
    nix::unistd::sethostname(&request.hostname).context("set the host name")?;
    fs::write("/proc/sys/kernel/domainname", if request.domain_name.is_empty() { "(none)" } else { &request.domain_name })
        .context("set the domain name")?;
    network::disable_ipv6();
    network::loopback()?;
    if let Some(interface) = &request.network {
        network::configure(interface).context("configure the network")?;
    }
    for (name, value) in &request.sysctls {
        set_sysctl(name, value).with_context(|| format!("set the sysctl {name}"))?;
    }
    if let Some(resources) = &request.pod_resources {
        Cgroup::pod().limit(resources).map_err(|status| anyhow::anyhow!("limit the pod: {}", status.message()))?;
    }
    disks::mount_scratch(request.scratch_disk_slot)?;
    fs::write(Path::new(disks::SCRATCH).join("pod/hostname"), format!("{}\n", request.hostname)).context("write the pod's host name")?;
    Ok(())
}

fn set_sysctl(name: &str, value: &str) -> Result<()> {
    // The agent already holds names to the safe ones; this only keeps the path inside /proc/sys.
    let legal = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte)) && !name.contains("..");
    anyhow::ensure!(legal, "not a sysctl name");
    let path = if name.contains('/') { name.to_owned() } else { name.replace('.', "/") };
    fs::write(Path::new("/proc/sys").join(path.trim_start_matches('/')), value)?;
    Ok(())
}

fn answer() -> Result<ConfigureResponse> {
    let uptime = fs::read_to_string("/proc/uptime")?;
    let seconds: f64 = uptime.split_whitespace().next().context("uptime")?.parse()?;
    Ok(ConfigureResponse {
        boot_id: fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim_end().to_owned(),
        kernel_release: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim_end().to_owned(),
        memory_total_bytes: memory_kibibytes("MemTotal") * 1024,
        guest_version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_millis: (seconds * 1000.0) as u64,
    })
}

/// One line of /proc/meminfo; 0 when there is none.
pub fn memory_kibibytes(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
