//! One probe attempt, with the outcomes of a kubelet.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::Status;

use crate::container::exec::{self, Command};
use crate::container::lifecycle::Lifecycle;
use crate::handle::Handle;
use crate::protocol::probe_response::Outcome;
use crate::protocol::{ExecProbe, GrpcProbe, ProbeRequest, ProbeResponse, probe_request};
use crate::{health, http};

const MESSAGE_LIMIT: usize = 10 << 10;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);
const GRPC_RETRY: Duration = Duration::from_millis(100);
const DRAIN_TIMEOUT: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;

pub type Verdict = (Outcome, String);

/// Answers within the request's timeout; a program that takes longer has failed its probe.
pub async fn probe(lifecycle: &Lifecycle, pod_address: &str, request: ProbeRequest) -> Result<ProbeResponse, Status> {
    let timeout = if request.timeout_millis == 0 { DEFAULT_TIMEOUT } else { Duration::from_millis(request.timeout_millis) };
    let or_pod = |host: &str| if host.is_empty() { pod_address.to_owned() } else { host.to_owned() };
    let (outcome, mut message) = match request.action {
        // Has its own timeout, since a process must be killed.
        Some(probe_request::Action::Exec(action)) => run(lifecycle, action, timeout).await?,
        Some(probe_request::Action::Http(action)) => {
            let host = or_pod(&action.host);
            let late = format!(
                "Get \"{}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                http::url(&host, &action)
            );
            limited(timeout, late, http::get(&host, &action)).await
        }
        Some(probe_request::Action::Tcp(action)) => {
            let address = format!("{}:{}", or_pod(&action.host), action.port);
            limited(timeout, format!("dial tcp {address}: i/o timeout"), connect(&address)).await
        }
        Some(probe_request::Action::Grpc(action)) => check(pod_address, &action, timeout).await,
        None => return Err(Status::invalid_argument("the probe has no action")),
    };
    if message.len() > MESSAGE_LIMIT {
        let end = (0..=MESSAGE_LIMIT).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        message.truncate(end);
    }
    Ok(ProbeResponse { outcome: outcome.into(), message })
}

/// Says `late` when the time is over.
async fn limited(timeout: Duration, late: String, attempt: impl Future<Output = Verdict>) -> Verdict {
    match tokio::time::timeout(timeout, attempt).await {
        Ok(verdict) => verdict,
        Err(_elapsed) => (Outcome::Failure, late),
    }
}

async fn connect(address: &str) -> Verdict {
    match TcpStream::connect(address).await {
        Ok(_stream) => (Outcome::Success, String::new()),
        Err(error) => (Outcome::Failure, format!("dial tcp {address}: connect: {}", reason(&error))),
    }
}

/// What the system says of an error, without its number: `connection refused`.
pub fn reason(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => nix::errno::Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}

/// As a kubelet's client, it tries to connect until the time is over.
async fn check(host: &str, action: &GrpcProbe, timeout: Duration) -> Verdict {
    let start = tokio::time::Instant::now();
    let connected = tokio::time::timeout(timeout, async {
        loop {
            match health::connect(host, action.port).await {
                Ok(channel) => return channel,
                Err(_) => tokio::time::sleep(GRPC_RETRY).await,
            }
        }
    });
    let Ok(channel) = connected.await else {
        let address = format!("{host}:{}", action.port);
        return (Outcome::Failure, format!("timeout: failed to connect service {address:?} within {timeout:?}: context deadline exceeded"));
    };
    let left = timeout.saturating_sub(start.elapsed());
    limited(left, format!("timeout: health rpc did not complete within {timeout:?}"), health::check(channel, &action.service)).await
}

async fn run(lifecycle: &Lifecycle, action: ExecProbe, timeout: Duration) -> Result<Verdict, Status> {
    let container = lifecycle.registry.find_running(&action.container_id)?;
    let line = action.args.join(" ");
    let command = Command { args: action.args, environment: Vec::new(), tty: None, stdin: false };
    let mut process = match exec::start(lifecycle.reaper.clone(), container, command).await {
        Ok(process) => process,
        // Also a program that is not there: a kubelet learns no exit code then, and does not count it.
        Err(failure) => return Ok((Outcome::Unknown, format!("failed to exec in container: {}", failure.message))),
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
        (true, _) => (Outcome::Failure, format!("command timed out: {line:?} timed out after {timeout:?}")),
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
