//! Starts containers, follows them to their end, removes them.

use std::fmt;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use tokio::runtime::Handle as Runtime;

use super::launch::{Launched, Streams, launch};
use super::registry::{self, Container, Output, Registry};
use super::request;
use super::spec::{Failure, FailureKind, Limits, Place, ProcessSpec, SecuritySpec, UserSpec};
use super::users;
use crate::cgroup::{self, Cgroup};
use crate::handle::Handle;
use crate::log::{Gathering, Log, Records};
use crate::protocol::container_state::Phase;
use crate::protocol::{ContainerStarted, ContainerState, Resources, StartContainerRequest};
use crate::reaper::{Exit, Reaper};
use crate::{clock, disks};

const TERMINATION_MESSAGE_LIMIT: u64 = 4096;
const REMOVAL_ATTEMPTS: u32 = 200;
const REMOVAL_INTERVAL: Duration = Duration::from_millis(10);
const READ_SIZE: usize = 32 << 10;
/// A program that writes line by line is not woken for, nor asked, after each of them.
const READ_GAP: Duration = Duration::from_millis(2);

/// Why a container was not changed.
#[derive(Debug)]
pub enum Error {
    Container(registry::Error),
    Signal(i32),
    Kill(nix::errno::Errno),
    Limit(cgroup::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container(error) => error.fmt(formatter),
            Self::Signal(number) => write!(formatter, "signal {number}"),
            Self::Kill(error) => write!(formatter, "kill: {}", error.desc()),
            Self::Limit(error) => error.fmt(formatter),
        }
    }
}

impl From<registry::Error> for Error {
    fn from(error: registry::Error) -> Self {
        Self::Container(error)
    }
}

/// Everything that starting a container takes. Cheap to clone.
#[derive(Clone)]
pub struct Lifecycle {
    pub registry: Registry,
    pub reaper: Reaper,
    /// The process that holds the pod's shared process namespace, once it was needed.
    pause: Arc<Mutex<Option<i32>>>,
    /// The file of the pod's own user namespace, once it was needed.
    users: Arc<Mutex<Option<PathBuf>>>,
}

/// Which namespaces the containers of the pod share, beyond those that all do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shared {
    pub processes: bool,
    /// A user namespace of the pod's own.
    pub users: bool,
}

/// Our ends of a container's standard streams.
#[derive(Default)]
struct Ends {
    input: Option<OwnedFd>,
    outputs: Vec<(bool, OwnedFd)>,
}

impl Lifecycle {
    pub fn new(registry: Registry, reaper: Reaper) -> Self {
        Self { registry, reaper, pause: Arc::default(), users: Arc::default() }
    }

    /// Blocks until the container's program runs.
    pub fn start(&self, request: &StartContainerRequest, shared: Shared, runtime: &Runtime) -> Result<ContainerStarted, Failure> {
        self.start_of(request, || disks::mount_image(request.image_disk_slot), shared, runtime)
    }

    /// From an image that need not be in the slot that the request names.
    pub fn start_of(
        &self,
        request: &StartContainerRequest,
        image: impl FnOnce() -> anyhow::Result<PathBuf>,
        shared: Shared,
        runtime: &Runtime,
    ) -> Result<ContainerStarted, Failure> {
        request::check_id(&request.container_id)?;
        let taken = |error: registry::Error| Failure::new(FailureKind::Exists, error.to_string());
        self.registry.reserve(&request.container_id).map_err(taken)?;
        let started = image().map_err(Failure::from).and_then(|image| self.start_reserved(request, image, shared, runtime));
        if started.is_err() {
            self.registry.forget(&request.container_id);
            if let Ok(cgroup) = Cgroup::create(&request.container_id, &Resources::default()) {
                empty(&cgroup);
            }
            let _ = fs::remove_dir_all(request::folder(&request.container_id));
        }
        started
    }

    fn start_reserved(
        &self,
        request: &StartContainerRequest,
        image: PathBuf,
        shared: Shared,
        runtime: &Runtime,
    ) -> Result<ContainerStarted, Failure> {
        let cgroup = Cgroup::create(&request.container_id, &request.resources.unwrap_or_default())?;
        let processes = self.shared_processes(request, shared.processes)?;
        let users = if shared.users { Some(self.user_namespace()?) } else { None };
        let spec = request::new_container(request, image, cgroup.path().to_owned(), processes, users)?;
        make_folder(&request.container_id).context("container folder")?;
        let log = Arc::new(Log::create(&request.container_id).context("log")?);

        let (streams, mut ends) = streams(request).context("streams")?;
        let mut launched = launch(&self.reaper, &spec, streams)?;
        let started = clock::unix_nanos();
        let state = ContainerState {
            container_id: request.container_id.clone(),
            name: request.name.clone(),
            attempt: request.attempt,
            phase: Phase::Running.into(),
            started_unix_nanos: started,
            user: launched.user.clone(),
            ..ContainerState::default()
        };
        let answer = ContainerStarted { started_unix_nanos: started, user: launched.user.clone() };
        let _context = runtime.enter();
        let mut container = Container::new(spec, launched.pid, cgroup, log, state);
        container.stdin_once = request.stdin_once;
        let terminal = launched.terminal.take().map(Handle::new).transpose()?;
        container.terminal = terminal.map(Arc::new);
        let input = ends.input.take().and_then(|end| Handle::new(end).ok()).map(Arc::new);
        container.input = Mutex::new(if request.tty && request.stdin { container.terminal.clone() } else { input });
        let container = Arc::new(container);
        self.registry.add(&request.container_id, container.clone());
        runtime.spawn(self.clone().follow(container, launched, ends));
        Ok(answer)
    }

    /// A process of the process namespace that the container joins: the pod's, or that of the container that it looks at.
    fn shared_processes(&self, request: &StartContainerRequest, share_processes: bool) -> Result<Option<i32>, Failure> {
        if share_processes {
            return self.pause_process().map(Some);
        }
        match request.processes_of_container.as_str() {
            "" => Ok(None),
            name => {
                let missing = || Failure::new(FailureKind::Target, format!("unable to find target container {name}"));
                Ok(Some(self.registry.running_of_name(name).ok_or_else(missing)?.pid))
            }
        }
    }

    /// Pumps the output into the log, and notes the end.
    async fn follow(self, container: Arc<Container>, launched: Launched, ends: Ends) {
        let mut pumps = tokio::task::JoinSet::new();
        if let Some(terminal) = container.terminal.clone() {
            pumps.spawn(pump(container.clone(), false, terminal));
        }
        for (error, end) in ends.outputs {
            if let Ok(handle) = Handle::new(end) {
                pumps.spawn(pump(container.clone(), error, Arc::new(handle)));
            }
        }
        let exit = launched.exit.await.unwrap_or(Exit { code: 137, signal: libc::SIGKILL });
        let finished = clock::unix_nanos();
        // A shared process namespace does not end with this process: what it left behind would keep the output open.
        container.cgroup.kill();
        *container.input.lock().expect("input lock") = None;
        let oom_killed = container.cgroup.oom_kills() > 0;
        let message = termination_message(&container.state().container_id);
        self.registry.update(&container, |state| {
            state.phase = Phase::Exited.into();
            state.finished_unix_nanos = finished;
            state.exit_code = exit.code;
            state.signal = exit.signal;
            state.oom_killed = oom_killed;
            state.termination_message = message;
        });
        while pumps.join_next().await.is_some() {}
        container.log.close();
    }

    pub fn signal(&self, id: &str, signal: i32, all: bool) -> Result<(), Error> {
        let container = self.registry.find(id)?;
        if !container.running() {
            return Ok(());
        }
        let targets = if all { container.cgroup.processes() } else { vec![container.pid] };
        for pid in targets {
            // Not by name: images also ask for real-time signals.
            // SAFETY: a plain system call.
            match nix::errno::Errno::result(unsafe { libc::kill(pid, signal) }) {
                Ok(_) | Err(nix::errno::Errno::ESRCH) => {}
                Err(nix::errno::Errno::EINVAL) => return Err(Error::Signal(signal)),
                Err(error) => return Err(Error::Kill(error)),
            }
        }
        Ok(())
    }

    /// Other limits for a running container, or with no id for all of them together.
    pub fn limit(&self, id: &str, resources: &Resources) -> Result<(), Error> {
        match id {
            "" => Cgroup::pod().limit(resources),
            id => self.registry.find_running(id)?.cgroup.limit(resources),
        }
        .map_err(Error::Limit)
    }

    /// Blocks until nothing is left of it but the count of its deaths for want of memory.
    pub fn remove(&self, id: &str) {
        let Some(container) = self.registry.lookup(id) else { return };
        let oom_kills = container.cgroup.oom_kills();
        self.erase(&container);
        self.registry.note_oom_kills(&container.state().name, oom_kills);
    }

    /// Blocks until nothing is left of it.
    pub fn erase(&self, container: &Container) {
        let id = container.state().container_id;
        empty(&container.cgroup);
        container.log.remove();
        let _ = fs::remove_dir_all(request::folder(&id));
        self.registry.forget(&id);
    }

    fn user_namespace(&self) -> Result<PathBuf, Failure> {
        let mut users = self.users.lock().expect("users lock");
        match &*users {
            Some(file) => Ok(file.clone()),
            None => Ok(users.insert(users::make(&self.reaper)?).clone()),
        }
    }

    fn pause_process(&self) -> Result<i32, Failure> {
        let mut pause = self.pause.lock().expect("pause lock");
        if let Some(pid) = *pause {
            return Ok(pid);
        }
        let cgroup = Cgroup::create("pause", &Resources::default())?;
        let spec = ProcessSpec {
            place: Place::Pause,
            cgroup: cgroup.path().to_owned(),
            args: Vec::new(),
            environment: Vec::new(),
            working_directory: "/".to_owned(),
            user: UserSpec::default(),
            tty: None,
            security: SecuritySpec::default(),
            limits: Limits { oom_score_adj: -998, ..Limits::default() },
            // Out of the reach of the pod's root.
            users: None,
        };
        let launched = launch(&self.reaper, &spec, Streams::none())?;
        *pause = Some(launched.pid);
        Ok(launched.pid)
    }
}

async fn pump(container: Arc<Container>, error: bool, handle: Arc<Handle>) {
    let mut records = Records::new(if error { "stderr" } else { "stdout" });
    let mut buffer = vec![0; READ_SIZE];
    let mut gathering = Gathering::new(READ_GAP);
    loop {
        gathering.turn().await;
        match handle.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                let data = &buffer[..count];
                // Nobody attached is no error.
                let _ = container.output.send(Output { error, data: bytes::Bytes::copy_from_slice(data) });
                container.log.append(&records.cut(data, clock::unix_nanos())).await;
            }
        }
    }
    container.log.append(&records.finish(clock::unix_nanos())).await;
}

fn streams(request: &StartContainerRequest) -> io::Result<(Streams, Ends)> {
    let mut streams = Streams::none();
    let mut ends = Ends::default();
    if request.tty {
        return Ok((streams, ends));
    }
    if request.stdin {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        streams.input = Stdio::from(reader);
        ends.input = Some(writer);
    }
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    streams.output = Stdio::from(writer);
    ends.outputs.push((false, reader));
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    streams.error = Stdio::from(writer);
    ends.outputs.push((true, reader));
    Ok((streams, ends))
}

fn make_folder(container_id: &str) -> io::Result<()> {
    let folder = request::folder(container_id);
    fs::create_dir_all(&folder)?;
    let message = folder.join("termination-message");
    fs::write(&message, "")?;
    // Any user of the container may write it.
    fs::set_permissions(&message, fs::Permissions::from_mode(0o666))
}

/// The last bytes of what the container wrote, as a kubelet reads it.
fn termination_message(container_id: &str) -> Vec<u8> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = fs::File::open(request::folder(container_id).join("termination-message"))?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TERMINATION_MESSAGE_LIMIT)))?;
        let mut message = Vec::new();
        file.take(TERMINATION_MESSAGE_LIMIT).read_to_end(&mut message)?;
        Ok(message)
    };
    read().unwrap_or_default()
}

/// Kills all processes of the cgroup and removes it once they are gone.
fn empty(cgroup: &Cgroup) {
    for _ in 0..REMOVAL_ATTEMPTS {
        cgroup.kill();
        if cgroup.remove().is_ok() {
            return;
        }
        std::thread::sleep(REMOVAL_INTERVAL);
    }
    eprintln!("guest: cgroup {} still has processes", cgroup.path().display());
}
