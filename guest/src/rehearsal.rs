//! A machine that waits for its pod goes once through what a pod's start takes, with a volume and a container of the guest's own: an emulated
//! processor translates code when it first runs it, and the pod need not wait for that. All that is made for it is taken back; what stays is
//! translated code, and the kernel's memory of file systems that are there anyway.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::runtime::Handle as Runtime;
use tokio::sync::mpsc;

use crate::container::lifecycle::{Lifecycle, Shared};
use crate::container::spec::Failure;
use crate::machine::{Error, Machine};
use crate::protocol::container_state::Phase;
use crate::protocol::write_volume_request::Kind;
use crate::protocol::{
    ConfigureRequest, Files, Mount, PodFile, StartContainerRequest, VolumeFile, WritePodFilesRequest, WriteVolumeRequest, mount,
};
use crate::{cgroup, disks, volumes};

/// Where this binary lies in the rehearsal's image; its name when it is started as that.
pub const PROGRAM: &str = "/rehearsal";
/// Container, volume and image are called so.
const NAME: &str = "rehearsal";
const LIMIT: Duration = Duration::from_secs(30);
const STATES: usize = 4;

/// The program of the rehearsal's container.
pub fn main() -> ! {
    let _ = std::io::stdout().write_all(b"a line for the log\n");
    std::process::exit(0)
}

/// Blocking. An error means that the machine is not as it was before.
pub fn rehearse(machine: &Machine, lifecycle: &Lifecycle, request: &ConfigureRequest, runtime: &Runtime) -> Result<(), Error> {
    machine.rehearse(request, || {
        write_volumes()?;
        run_container(lifecycle, runtime)?;
        take_back(lifecycle)
    })
}

fn write_volumes() -> Result<()> {
    let file = VolumeFile { path: NAME.to_owned(), content: NAME.into(), mode: 0o644, user: None };
    let files = Files { files: vec![file], fs_group: None, sticky: true };
    volumes::write(&WriteVolumeRequest { name: NAME.to_owned(), kind: Some(Kind::Files(files)) }).map_err(|error| anyhow!("{error}"))?;
    let files = WritePodFilesRequest { hosts: b"127.0.0.1 localhost\n".into(), resolv_conf: b"\n".into() };
    volumes::write_pod_files(&files).map_err(|error| anyhow!("{error}"))
}

fn run_container(lifecycle: &Lifecycle, runtime: &Runtime) -> Result<()> {
    let image = Path::new(disks::IMAGES).join(NAME);
    fs::create_dir_all(&image)?;
    fs::hard_link("/init", image.join(&PROGRAM[1..])).context("link the program")?;
    let failed = |failure: Failure| anyhow!("start the rehearsal's container: {}", failure.message);
    lifecycle.start_of(&container(), || Ok(image), Shared::default(), runtime).map_err(failed)?;
    runtime.block_on(async { tokio::time::timeout(LIMIT, ended(lifecycle)).await }).context("the rehearsal's container does not end")
}

fn container() -> StartContainerRequest {
    let mounts = [
        (mount::Source::Volume(NAME.to_owned()), "/var/run/secrets/rehearsal"),
        (mount::Source::PodFile(PodFile::Hosts.into()), "/etc/hosts"),
        (mount::Source::PodFile(PodFile::ResolvConf.into()), "/etc/resolv.conf"),
    ];
    let mounts = mounts.map(|(source, destination)| Mount {
        source: Some(source),
        destination: destination.to_owned(),
        read_only: true,
        ..Mount::default()
    });
    StartContainerRequest {
        container_id: NAME.to_owned(),
        name: NAME.to_owned(),
        args: vec![PROGRAM.to_owned()],
        mounts: mounts.into(),
        ..StartContainerRequest::default()
    }
}

/// As an agent sees it.
async fn ended(lifecycle: &Lifecycle) {
    let (sender, mut states) = mpsc::channel(STATES);
    let watch = tokio::spawn(lifecycle.registry.clone().watch(sender));
    while let Some(state) = states.recv().await {
        if state.phase() == Phase::Exited {
            break;
        }
    }
    watch.abort();
}

fn take_back(lifecycle: &Lifecycle) -> Result<()> {
    let container = lifecycle.registry.find(NAME).map_err(|error| anyhow!("{error}"))?;
    lifecycle.erase(&container);
    drop(container);
    cgroup::remake_pod()?;
    volumes::remove_files(NAME)?;
    volumes::unmake_shared_memory()?;
    disks::unmount_scratch()?;
    fs::remove_dir_all(Path::new(disks::IMAGES).join(NAME)).context("remove the rehearsal's image")
}
