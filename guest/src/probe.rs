//! One probe attempt, with the outcomes of a kubelet.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::Status;

use crate::container::exec::{self, Command};
use crate::container::lifecycle::Lifecycle;
use crate::container::spec::FailureKind;
use crate::handle::Handle;
use crate::protocol::probe_response::Outcome;
use crate::protocol::{ExecProbe, GrpcProbe, ProbeRequest, ProbeResponse, TcpProbe, probe_request};
use crate::{health, http};

const MESSAGE_LIMIT: usize = 10 << 10;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);
const DRAIN_TIMEOUT: Duration = Duration::from_millis(200);

pub type Verdict = (Outcome, String);

/// Answers within the request's timeout; a program that takes longer has failed its probe.
pub async fn probe(lifecycle: &Lifecycle, pod_address: &str, request: ProbeRequest) -> Result<ProbeResponse, Status> {
    let timeout = if request.timeout_millis == 0 { DEFAULT_TIMEOUT } else { Duration::from_millis(request.timeout_millis) };
    let or_pod = |host: &str| if host.is_empty() { pod_address.to_owned() } else { host.to_owned() };
    let (outcome, mut message) = match request.action {
        // Has its own timeout, since a process must be killed.
        Some(probe_request::Action::Exec(action)) => run(lifecycle, action, timeout).await?,
        Some(probe_request::Action::Http(action)) => limited(timeout, http::get(&or_pod(&action.host), &action)).await,
        Some(probe_request::Action::Tcp(action)) => limited(timeout, connect(&or_pod(&action.host), &action)).await,
        Some(probe_request::Action::Grpc(action)) => limited(timeout, check(pod_address, &action)).await,
        None => return Err(Status::invalid_argument("the probe has no action")),
    };
    if message.len() > MESSAGE_LIMIT {
        let end = (0..=MESSAGE_LIMIT).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        message.truncate(end);
    }
    Ok(ProbeResponse { outcome: outcome.into(), message })
}

async fn limited(timeout: Duration, attempt: impl Future<Output = Verdict>) -> Verdict {
    match tokio::time::timeout(timeout, attempt).await {
        Ok(verdict) => verdict,
        Err(_elapsed) => (Outcome::Failure, format!("no answer within {timeout:?}: context deadline exceeded")),
    }
}

async fn connect(host: &str, action: &TcpProbe) -> Verdict {
    let address = format!("{host}:{}", action.port);
    match TcpStream::connect(&address).await {
        Ok(_stream) => (Outcome::Success, String::new()),
        Err(error) => (Outcome::Failure, format!("dial tcp {address}: {error}")),
    }
}

async fn check(host: &str, action: &GrpcProbe) -> Verdict {
    match health::check(host, action.port, &action.service).await {
        Ok(true) => (Outcome::Success, String::new()),
        Ok(false) => (Outcome::Failure, "service unhealthy: not SERVING".to_owned()),
        Err(error) => (Outcome::Failure, format!("health rpc: {error}")),
    }
}

async fn run(lifecycle: &Lifecycle, action: ExecProbe, timeout: Duration) -> Result<Verdict, Status> {
    let container = lifecycle.registry.find_running(&action.container_id)?;
    let command = Command { args: action.args, environment: Vec::new(), tty: None, stdin: false };
    let mut process = match exec::start(lifecycle.reaper.clone(), container, command).await {
        Ok(process) => process,
        Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::NotExecutable) => {
            return Ok((Outcome::Failure, failure.message));
        }
        Err(failure) => return Ok((Outcome::Unknown, failure.message)),
    };
    let mut readers = JoinSet::new();
    for (_, handle) in std::mem::take(&mut process.outputs) {
        readers.spawn(collect(handle));
    }
    let (code, timed_out) = process.wait(timeout).await;
    let mut text = Vec::new();
    let drain = async {
        while let Some(Ok(part)) = readers.join_next().await {
            text.extend(part);
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, drain).await;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(match (timed_out, code) {
        (true, _) => (Outcome::Failure, format!("command timed out after {timeout:?}: {text}")),
        (false, 0) => (Outcome::Success, text),
        (false, _) => (Outcome::Failure, text),
    })
}

/// Reads all, so that the program never blocks, and keeps the beginning.
async fn collect(handle: Arc<Handle>) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = handle.read(&mut buffer).await {
        let room = MESSAGE_LIMIT - kept.len();
        kept.extend(&buffer[..count.min(room)]);
    }
    kept
}
