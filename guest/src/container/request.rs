//! From the agent's request to the process's specification. Pure but for the look at which volumes there are.

use std::fmt;
use std::path::{Path, PathBuf};

use super::spec::{Failure, FailureKind, Limits, MountSpec, Place, ProcessSpec, RootSpec, SeccompSpec, SecuritySpec, UserSpec};
use crate::protocol::{PodFile, Resources, SeccompProfile, Security, StartContainerRequest, User, mount};
use crate::{disks, volumes};

const ID_LIMIT: usize = 128;

/// What is wrong with a request.
#[derive(Debug)]
pub enum Error {
    ContainerId(String),
    NoCommand,
    /// A mount at that place.
    NoSource(String),
    Destination(String),
    PodFile(i32),
    IdOutOfRange(i64),
    ProfileKind(i32),
    ProfileText,
    Volume(volumes::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ContainerId(id) => write!(formatter, "container id {id:?}"),
            Self::NoCommand => formatter.write_str("no command specified"),
            Self::NoSource(destination) => write!(formatter, "mount at {destination} has no source"),
            Self::Destination(path) => write!(formatter, "mount destination {path:?} is not absolute"),
            Self::PodFile(number) => write!(formatter, "pod file {number}"),
            Self::IdOutOfRange(id) => write!(formatter, "id {id} is out of range"),
            Self::ProfileKind(number) => write!(formatter, "seccomp profile {number}"),
            Self::ProfileText => formatter.write_str("seccomp profile is not UTF-8"),
            Self::Volume(error) => error.fmt(formatter),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Volume(_) => FailureKind::Mount,
            Error::ContainerId(_)
            | Error::NoCommand
            | Error::NoSource(_)
            | Error::Destination(_)
            | Error::PodFile(_)
            | Error::IdOutOfRange(_)
            | Error::ProfileKind(_)
            | Error::ProfileText => FailureKind::Request,
        };
        Self::new(kind, error.to_string())
    }
}

/// Where a container keeps its root and its termination message.
pub fn folder(container_id: &str) -> PathBuf {
    Path::new(disks::SCRATCH).join("containers").join(container_id)
}

pub fn check_id(container_id: &str) -> Result<(), Error> {
    let legal = !container_id.is_empty()
        && container_id.len() <= ID_LIMIT
        && container_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if legal { Ok(()) } else { Err(Error::ContainerId(container_id.to_owned())) }
}

/// The specification of a new container's first process.
pub fn new_container(
    request: &StartContainerRequest,
    image: PathBuf,
    cgroup: PathBuf,
    pod_process: Option<i32>,
    users: Option<PathBuf>,
) -> Result<ProcessSpec, Error> {
    if request.args.is_empty() {
        return Err(Error::NoCommand);
    }
    let security = request.security.clone().unwrap_or_default();
    let root = RootSpec {
        image,
        folder: folder(&request.container_id),
        read_only: request.read_only_root,
        image_volumes: request.image_volumes.clone(),
        mounts: mounts(request)?,
        hostname: Some(request.host_name.clone()).filter(|name| !name.is_empty()),
        unmasked_proc: security.unmasked_proc,
        process_namespace_of: pod_process,
    };
    Ok(ProcessSpec {
        place: Place::New(root),
        cgroup,
        args: request.args.clone(),
        environment: request.environment.iter().map(|variable| (variable.name.clone(), variable.value.clone())).collect(),
        working_directory: if request.working_directory.is_empty() { "/".to_owned() } else { request.working_directory.clone() },
        user: user(&request.user.clone().unwrap_or_default())?,
        tty: request.tty.then_some((0, 0)),
        security: security_of(&security)?,
        limits: limits(&request.resources.unwrap_or_default()),
        users,
    })
}

/// One that enters a running container, as exec does.
pub fn beside(
    container: &ProcessSpec,
    pid: i32,
    args: Vec<String>,
    environment: Vec<(String, String)>,
    tty: Option<(u16, u16)>,
) -> ProcessSpec {
    let mut spec = ProcessSpec { place: Place::Beside(pid), args, tty, ..container.clone() };
    for (name, value) in environment {
        spec.environment.retain(|(known, _)| *known != name);
        spec.environment.push((name, value));
    }
    // Told when the container started.
    spec.user.must_run_as_non_root = false;
    spec
}

fn mounts(request: &StartContainerRequest) -> Result<Vec<MountSpec>, Error> {
    let mut mounts = Vec::new();
    for one in &request.mounts {
        let (source, label, takes_mounts) = match &one.source {
            Some(mount::Source::Volume(name)) => (
                volumes::path(name).map_err(Error::Volume)?,
                format!("volumeMount {name:?} of container {:?}", request.name),
                volumes::takes_mounts(name),
            ),
            Some(mount::Source::PodFile(file)) => (pod_file(*file)?, one.destination.clone(), false),
            None => return Err(Error::NoSource(one.destination.clone())),
        };
        if !one.destination.starts_with('/') {
            return Err(Error::Destination(one.destination.clone()));
        }
        mounts.push(MountSpec {
            label,
            source,
            sub_path: one.sub_path.clone(),
            destination: one.destination.clone(),
            read_only: one.read_only,
            recursive: one.recursive_read_only,
            takes_mounts,
        });
    }
    if request.termination_message_path.starts_with('/') {
        mounts.push(MountSpec {
            label: request.termination_message_path.clone(),
            source: folder(&request.container_id).join("termination-message"),
            sub_path: String::new(),
            destination: request.termination_message_path.clone(),
            read_only: false,
            recursive: false,
            takes_mounts: false,
        });
    }
    Ok(mounts)
}

fn pod_file(file: i32) -> Result<PathBuf, Error> {
    let name = match PodFile::try_from(file) {
        Ok(PodFile::Hosts) => "hosts",
        Ok(PodFile::ResolvConf) => "resolv.conf",
        Ok(PodFile::Hostname) => "hostname",
        _ => return Err(Error::PodFile(file)),
    };
    Ok(volumes::pod_file(name))
}

fn user(user: &User) -> Result<UserSpec, Error> {
    Ok(UserSpec {
        name: user.name.clone(),
        uid: user.uid.map(number).transpose()?,
        gid: user.gid.map(number).transpose()?,
        supplemental_groups: user.supplemental_groups.iter().copied().map(number).collect::<Result<_, _>>()?,
        must_run_as_non_root: user.must_run_as_non_root,
        only_listed_groups: user.only_listed_groups,
    })
}

fn number(id: i64) -> Result<u32, Error> {
    u32::try_from(id).map_err(|_| Error::IdOutOfRange(id))
}

fn security_of(security: &Security) -> Result<SecuritySpec, Error> {
    let seccomp = match SeccompProfile::try_from(security.seccomp) {
        Ok(SeccompProfile::RuntimeDefault) => SeccompSpec::RuntimeDefault,
        Ok(SeccompProfile::Unconfined) => SeccompSpec::Unconfined,
        Ok(SeccompProfile::Localhost) => {
            SeccompSpec::Profile(String::from_utf8(security.seccomp_localhost_json.clone()).map_err(|_| Error::ProfileText)?)
        }
        Err(_) => return Err(Error::ProfileKind(security.seccomp)),
    };
    Ok(SecuritySpec { capabilities: security.capabilities.clone(), no_new_privileges: security.no_new_privileges, seccomp })
}

fn limits(resources: &Resources) -> Limits {
    let pair = |soft: u64, hard: u64| (hard > 0).then_some((soft.min(hard), hard));
    Limits {
        open_files: pair(resources.nofile_soft, resources.nofile_hard),
        processes: pair(resources.nproc_soft, resources.nproc_hard),
        oom_score_adj: resources.oom_score_adj.clamp(-1000, 1000),
    }
}
