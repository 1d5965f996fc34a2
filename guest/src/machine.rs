//! The machine's identity, given once by the agent.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};

use crate::cgroup::Cgroup;
use crate::container::lifecycle::Shared;
use crate::protocol::{ConfigureRequest, ConfigureResponse};
use crate::{clock, disks, memory, network, volumes};

const ENTROPY_BYTES: usize = 32;

/// What a configured machine remembers.
#[derive(Debug, Clone)]
pub struct Identity {
    pub machine_id: String,
    pub address: String,
    pub shared: Shared,
}

/// Why the machine does not have the identity that it needs.
#[derive(Debug)]
pub enum Error {
    /// So few bytes.
    Entropy(usize),
    /// It is that machine already.
    Another(String),
    NotConfigured,
    Failed(anyhow::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entropy(bytes) => write!(formatter, "{bytes} bytes of entropy, at least {ENTROPY_BYTES} are needed"),
            Self::Another(id) => write!(formatter, "this machine is {id} already"),
            Self::NotConfigured => formatter.write_str("the machine is not configured"),
            Self::Failed(error) => write!(formatter, "{error:#}"),
        }
    }
}

#[derive(Default)]
pub struct Machine {
    identity: Mutex<Option<Identity>>,
}

impl Machine {
    /// Blocking. A second call with the same machine id answers as the first did, and only sets the clock again.
    pub fn configure(&self, request: &ConfigureRequest) -> Result<ConfigureResponse, Error> {
        let mut identity = self.identity.lock().expect("identity lock");
        if request.entropy.len() < ENTROPY_BYTES {
            return Err(Error::Entropy(request.entropy.len()));
        }
        match identity.as_ref() {
            Some(known) if known.machine_id != request.machine_id => {
                return Err(Error::Another(known.machine_id.clone()));
            }
            known => apply(request, known.is_none()).map_err(Error::Failed)?,
        }
        *identity = Some(Identity {
            machine_id: request.machine_id.clone(),
            address: request.network.as_ref().map_or_else(|| "127.0.0.1".to_owned(), |network| network.address.clone()),
            shared: Shared { processes: request.share_process_namespace, users: request.own_user_namespace },
        });
        answer().map_err(Error::Failed)
    }

    /// Blocking. Applies the configuration and does the work, as nobody: no other call finds an identity meanwhile or afterwards. Whoever
    /// did the work takes back what both have made.
    pub fn rehearse(&self, request: &ConfigureRequest, work: impl FnOnce() -> Result<()>) -> Result<(), Error> {
        let identity = self.identity.lock().expect("identity lock");
        if let Some(known) = identity.as_ref() {
            return Err(Error::Another(known.machine_id.clone()));
        }
        apply(request, true).and_then(|()| work()).map_err(Error::Failed)
    }

    /// Fails until the machine is configured.
    pub fn identity(&self) -> Result<Identity, Error> {
        let identity = self.identity.lock().expect("identity lock");
        identity.clone().ok_or(Error::NotConfigured)
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
        Cgroup::pod().limit(resources).context("limit the pod")?;
    }
    disks::mount_scratch(request.scratch_disk_slot)?;
    volumes::make_shared_memory()?;
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

/// The newest number of the protocol that this guest speaks, and the oldest. As in the agent's GuestProtocol.
const PROTOCOL: u32 = 1;
const OLDEST_PROTOCOL: u32 = 0;

fn answer() -> Result<ConfigureResponse> {
    let uptime = fs::read_to_string("/proc/uptime")?;
    let seconds: f64 = uptime.split_whitespace().next().context("uptime")?.parse()?;
    Ok(ConfigureResponse {
        boot_id: fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim_end().to_owned(),
        kernel_release: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim_end().to_owned(),
        memory_total_bytes: memory::kibibytes("MemTotal") * 1024,
        guest_version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_millis: (seconds * 1000.0) as u64,
        protocol: PROTOCOL,
        oldest_protocol: OLDEST_PROTOCOL,
    })
}
