//! Starts containers, follows them to their end, removes them.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::signal::kill;
use nix::unistd::{Pid, pipe2};
use tokio::runtime::Handle as Runtime;
use tonic::Status;

use super::cgroup::Cgroup;
use super::launch::{Launched, Streams, launch};
use super::registry::{Container, Output, Registry};
use super::request;
use super::spec::{Failure, FailureKind, Limits, Place, ProcessSpec, SecuritySpec, UserSpec};
use crate::handle::Handle;
use crate::log::{Log, Records};
use crate::protocol::container_state::Phase;
use crate::protocol::{ContainerState, Resources, StartContainerRequest};
use crate::reaper::{Exit, Reaper};
use crate::{clock, disks};

const TERMINATION_MESSAGE_LIMIT: u64 = 4096;
const REMOVAL_ATTEMPTS: u32 = 200;
const REMOVAL_INTERVAL: Duration = Duration::from_millis(10);
const READ_SIZE: usize = 32 << 10;

/// Everything that starting a container takes. Cheap to clone.
#[derive(Clone)]
pub struct Lifecycle {
    pub registry: Registry,
    pub reaper: Reaper,
    /// The process that holds the pod's shared process namespace, once it was needed.
    pause: Arc<Mutex<Option<i32>>>,
}

/// Our ends of a container's standard streams.
#[derive(Default)]
struct Ends {
    input: Option<OwnedFd>,
    outputs: Vec<(bool, OwnedFd)>,
}

impl Lifecycle {
    pub fn new(registry: Registry, reaper: Reaper) -> Self {
        Self { registry, reaper, pause: Arc::default() }
    }

    /// Blocks until the container's program runs.
    pub fn start(&self, request: &StartContainerRequest, share_processes: bool, runtime: &Runtime) -> Result<i64, Status> {
        request::check_id(&request.container_id)?;
        self.registry.reserve(&request.container_id)?;
        let started = self.start_reserved(request, share_processes, runtime);
        if started.is_err() {
            self.registry.forget(&request.container_id);
            if let Ok(cgroup) = Cgroup::create(&request.container_id, &Resources::default()) {
                empty(&cgroup);
            }
            let _ = fs::remove_dir_all(request::folder(&request.container_id));
        }
        started
    }

    fn start_reserved(&self, request: &StartContainerRequest, share_processes: bool, runtime: &Runtime) -> Result<i64, Status> {
        let internal = |error: anyhow::Error| Status::internal(format!("{error:#}"));
        let image = disks::mount_image(request.image_disk_slot).map_err(internal)?;
        let cgroup = Cgroup::create(&request.container_id, &request.resources.unwrap_or_default()).map_err(internal)?;
        let shared = self.shared_processes(request, share_processes)?;
        let spec = request::new_container(request, image, cgroup.path().to_owned(), shared)?;
        make_folder(&request.container_id).map_err(|error| Status::internal(format!("container folder: {error}")))?;
        let log = Arc::new(Log::create(&request.container_id).map_err(|error| Status::internal(format!("log: {error}")))?);

        let (streams, mut ends) = streams(request).map_err(|error| Status::internal(format!("streams: {error}")))?;
        let mut launched = launch(&self.reaper, &spec, streams).map_err(status)?;
        let started = clock::unix_nanos();
        let state = ContainerState {
            container_id: request.container_id.clone(),
            name: request.name.clone(),
            attempt: request.attempt,
            phase: Phase::Running.into(),
            started_unix_nanos: started,
            ..ContainerState::default()
        };
        let _context = runtime.enter();
        let mut container = Container::new(spec, launched.pid, cgroup, log, state);
        container.stdin_once = request.stdin_once;
        let terminal = launched.terminal.take().map(Handle::new).transpose().map_err(|error| Status::internal(error.to_string()))?;
        container.terminal = terminal.map(Arc::new);
        let input = ends.input.take().and_then(|end| Handle::new(end).ok()).map(Arc::new);
        container.input = Mutex::new(if request.tty && request.stdin { container.terminal.clone() } else { input });
        let container = Arc::new(container);
        self.registry.add(&request.container_id, container.clone());
        runtime.spawn(self.clone().follow(container, launched, ends));
        Ok(started)
    }

    /// A process of the process namespace that the container joins: the pod's, or that of the container that it looks at.
    fn shared_processes(&self, request: &StartContainerRequest, share_processes: bool) -> Result<Option<i32>, Status> {
        if share_processes {
            return Ok(Some(self.pause_process().map_err(status)?));
        }
        match request.processes_of_container.as_str() {
            "" => Ok(None),
            name => {
                let target = self.registry.running_of_name(name);
                let target = target.ok_or_else(|| Status::unavailable(format!("unable to find target container {name}")))?;
                Ok(Some(target.pid))
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

    pub fn signal(&self, id: &str, signal: i32, all: bool) -> Result<(), Status> {
        let container = self.registry.find(id)?;
        if !container.running() {
            return Ok(());
        }
        let targets = if all { container.cgroup.processes() } else { vec![container.pid] };
        for pid in targets {
            let signal = nix::sys::signal::Signal::try_from(signal).map_err(|_| Status::invalid_argument(format!("signal {signal}")))?;
            match kill(Pid::from_raw(pid), signal) {
                Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
                Err(error) => return Err(Status::internal(format!("kill: {}", error.desc()))),
            }
        }
        Ok(())
    }

    /// Other limits for a running container, or with no id for all of them together.
    pub fn limit(&self, id: &str, resources: &Resources) -> Result<(), Status> {
        match id {
            "" => Cgroup::pod().limit(resources),
            id => self.registry.find_running(id)?.cgroup.limit(resources),
        }
    }

    /// Blocks until nothing is left of it.
    pub fn remove(&self, id: &str) -> Result<(), Status> {
        let Some(container) = self.registry.lookup(id) else { return Ok(()) };
        let oom_kills = container.cgroup.oom_kills();
        empty(&container.cgroup);
        container.log.remove();
        let _ = fs::remove_dir_all(request::folder(id));
        self.registry.forget(id);
        self.registry.note_oom_kills(&container.state().name, oom_kills);
        Ok(())
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
        };
        let launched = launch(&self.reaper, &spec, Streams::none())?;
        *pause = Some(launched.pid);
        Ok(launched.pid)
    }
}

async fn pump(container: Arc<Container>, error: bool, handle: Arc<Handle>) {
    let mut records = Records::new(if error { "stderr" } else { "stdout" });
    let mut buffer = vec![0; READ_SIZE];
    loop {
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

/// How a failure to start is told: the message is what the pod's status shows.
fn status(failure: Failure) -> Status {
    match failure.kind {
        FailureKind::NotFound | FailureKind::NotExecutable => Status::invalid_argument(failure.message),
        FailureKind::Refused => Status::failed_precondition(failure.message),
        FailureKind::Internal => Status::internal(failure.message),
    }
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
