//! What the guest tells the process that becomes a container or enters one. Goes through memory, as JSON, within one binary.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Everything that the process needs; it asks nobody back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProcessSpec {
    pub place: Place,
    pub cgroup: PathBuf,
    pub args: Vec<String>,
    pub environment: Vec<(String, String)>,
    pub working_directory: String,
    pub user: UserSpec,
    pub tty: Option<(u16, u16)>,
    pub security: SecuritySpec,
    pub limits: Limits,
    /// The file of the user namespace that the program runs in; none: the machine's.
    pub users: Option<PathBuf>,
}

/// Where the process comes to live.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Place {
    /// A new container.
    New(RootSpec),
    /// The namespaces of the process with that pid.
    Beside(i32),
    /// Only a process namespace and an empty root, for the process that holds the pod's processes together.
    Pause,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RootSpec {
    pub image: PathBuf,
    /// Own folder of the container on the scratch disk.
    pub folder: PathBuf,
    pub read_only: bool,
    /// Folders of the image that stay writable when the root is not.
    pub image_volumes: Vec<String>,
    pub mounts: Vec<MountSpec>,
    pub hostname: Option<String>,
    pub unmasked_proc: bool,
    /// A process whose process namespace is to be shared.
    pub process_namespace_of: Option<i32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MountSpec {
    /// What is mounted, for messages.
    pub label: String,
    pub source: PathBuf,
    pub sub_path: String,
    pub destination: String,
    pub read_only: bool,
    pub recursive: bool,
    /// Whether mount points may be made in it though the container may not write it.
    pub takes_mounts: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct UserSpec {
    pub name: String,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub supplemental_groups: Vec<u32>,
    pub must_run_as_non_root: bool,
    pub only_listed_groups: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SecuritySpec {
    pub capabilities: Vec<String>,
    pub no_new_privileges: bool,
    pub seccomp: SeccompSpec,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum SeccompSpec {
    #[default]
    RuntimeDefault,
    Unconfined,
    /// An OCI profile as JSON.
    Profile(String),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Limits {
    pub open_files: Option<(u64, u64)>,
    pub processes: Option<(u64, u64)>,
    pub oom_score_adj: i32,
}

/// What the process says back before it becomes the program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Report {
    Pid(i32),
    /// Who the program will run as.
    Identity {
        uid: u32,
        gid: u32,
        groups: Vec<u32>,
    },
    /// Comes with the descriptor of the terminal's master side.
    Terminal,
    Failed(Failure),
}

/// Why a program does not run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
}

/// Those of the schema, where each is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureKind {
    Exists,
    Request,
    Target,
    Processes,
    SubPath,
    Mount,
    User,
    RootUser,
    Seccomp,
    Capabilities,
    WorkingDirectory,
    NoSuchProgram,
    NotExecutable,
    Machine,
}

impl Failure {
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(FailureKind::Machine, format!("{error:#}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(FailureKind::Machine, error.to_string())
    }
}

impl From<nix::Error> for Failure {
    fn from(error: nix::Error) -> Self {
        Self::new(FailureKind::Machine, error.desc())
    }
}
