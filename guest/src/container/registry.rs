//! All containers of the machine and what is known of them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex};

use tokio::sync::{broadcast, mpsc};

use super::spec::ProcessSpec;
use crate::cgroup::Cgroup;
use crate::handle::Handle;
use crate::log::Log;
use crate::protocol::ContainerState;
use crate::protocol::container_state::Phase;

const CHANGES_KEPT: usize = 256;
const OUTPUT_KEPT: usize = 64;

/// Why there is no such container to work with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    Exists(String),
    Unknown(String),
    NotRunning(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(id) => write!(formatter, "container {id} exists"),
            Self::Unknown(id) => write!(formatter, "there is no container {id}"),
            Self::NotRunning(id) => write!(formatter, "container {id} does not run"),
        }
    }
}

/// A piece of a container's output, for those who are attached.
#[derive(Debug, Clone)]
pub struct Output {
    pub error: bool,
    pub data: bytes::Bytes,
}

pub struct Container {
    pub spec: ProcessSpec,
    pub pid: i32,
    pub cgroup: Cgroup,
    pub log: Arc<Log>,
    /// Where input goes: a pipe, or the terminal. Gone when it was closed.
    pub input: Mutex<Option<Arc<Handle>>>,
    pub terminal: Option<Arc<Handle>>,
    pub stdin_once: bool,
    pub output: broadcast::Sender<Output>,
    state: Mutex<ContainerState>,
}

impl Container {
    pub fn new(spec: ProcessSpec, pid: i32, cgroup: Cgroup, log: Arc<Log>, state: ContainerState) -> Self {
        Self {
            spec,
            pid,
            cgroup,
            log,
            input: Mutex::default(),
            terminal: None,
            stdin_once: false,
            output: broadcast::Sender::new(OUTPUT_KEPT),
            state: Mutex::new(state),
        }
    }

    pub fn state(&self) -> ContainerState {
        let mut state = self.state.lock().expect("state lock").clone();
        state.log_bytes = self.log.length();
        state
    }

    pub fn running(&self) -> bool {
        self.state.lock().expect("state lock").phase() == Phase::Running
    }
}

#[derive(Clone)]
pub struct Registry {
    /// No container: the id is taken by one that is being started.
    containers: Arc<Mutex<HashMap<String, Option<Arc<Container>>>>>,
    changes: broadcast::Sender<ContainerState>,
    /// By container name, of those that are removed.
    oom_kills: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Registry {
    pub fn new() -> Self {
        Self { containers: Arc::default(), changes: broadcast::Sender::new(CHANGES_KEPT), oom_kills: Arc::default() }
    }

    /// Takes the id for a container that is about to start.
    pub fn reserve(&self, id: &str) -> Result<(), Error> {
        match self.containers.lock().expect("registry lock").entry(id.to_owned()) {
            Entry::Occupied(_) => Err(Error::Exists(id.to_owned())),
            Entry::Vacant(entry) => {
                entry.insert(None);
                Ok(())
            }
        }
    }

    pub fn add(&self, id: &str, container: Arc<Container>) {
        self.containers.lock().expect("registry lock").insert(id.to_owned(), Some(container.clone()));
        self.announce(&container);
    }

    pub fn forget(&self, id: &str) {
        self.containers.lock().expect("registry lock").remove(id);
    }

    /// Keeps the count of a container that is removed.
    pub fn note_oom_kills(&self, name: &str, count: u64) {
        *self.oom_kills.lock().expect("registry lock").entry(name.to_owned()).or_default() += count;
    }

    pub fn oom_kills_of_removed(&self) -> BTreeMap<String, u64> {
        self.oom_kills.lock().expect("registry lock").clone()
    }

    pub fn find(&self, id: &str) -> Result<Arc<Container>, Error> {
        self.lookup(id).ok_or_else(|| Error::Unknown(id.to_owned()))
    }

    pub fn lookup(&self, id: &str) -> Option<Arc<Container>> {
        self.containers.lock().expect("registry lock").get(id).cloned().flatten()
    }

    pub fn find_running(&self, id: &str) -> Result<Arc<Container>, Error> {
        let container = self.find(id)?;
        if container.running() { Ok(container) } else { Err(Error::NotRunning(id.to_owned())) }
    }

    /// The running container of that name in the pod.
    pub fn running_of_name(&self, name: &str) -> Option<Arc<Container>> {
        self.all().into_iter().find(|container| container.running() && container.state().name == name)
    }

    pub fn all(&self) -> Vec<Arc<Container>> {
        self.containers.lock().expect("registry lock").values().flatten().cloned().collect()
    }

    pub fn states(&self) -> Vec<ContainerState> {
        self.all().iter().map(|container| container.state()).collect()
    }

    /// Changes what is known, and tells the watchers.
    pub fn update(&self, container: &Container, change: impl FnOnce(&mut ContainerState)) {
        change(&mut container.state.lock().expect("state lock"));
        self.announce(container);
    }

    fn announce(&self, container: &Container) {
        // Nobody watching is no error.
        let _ = self.changes.send(container.state());
    }

    /// Sends the present state of each, then each change. A watcher that is too slow gets the present states again.
    pub async fn watch(self, target: mpsc::Sender<ContainerState>) {
        let mut changes = self.changes.subscribe();
        let mut pending = self.states();
        loop {
            for state in pending.drain(..) {
                if target.send(state).await.is_err() {
                    return;
                }
            }
            let change = tokio::select! {
                change = changes.recv() => change,
                () = target.closed() => return,
            };
            match change {
                Ok(state) => pending.push(state),
                Err(broadcast::error::RecvError::Lagged(_)) => pending = self.states(),
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }
}
