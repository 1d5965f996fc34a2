//! One probe attempt, with the outcomes of a kubelet.

mod dial;
mod health;
mod http;
mod tls;
mod verdict;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use self::dial::dial;
#[cfg(fuzzing)]
pub use self::http::try_answer;
pub use self::verdict::Verdict;
use crate::container::exec::{self, Command};
use crate::container::lifecycle::Lifecycle;
use crate::container::registry;
use crate::handle::Handle;
use crate::protocol::probe_failure::Kind;
use crate::protocol::{ExecProbe, GrpcProbe, ProbeRequest, probe_request};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);
const GRPC_RETRY: Duration = Duration::from_millis(100);
const DRAIN_TIMEOUT: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;

/// Why a probe was not even tried.
#[derive(Debug)]
pub enum Error {
    NoAction,
    Container(registry::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAction => formatter.write_str("the probe has no action"),
            Self::Container(error) => error.fmt(formatter),
        }
    }
}

impl From<registry::Error> for Error {
    fn from(error: registry::Error) -> Self {
        Self::Container(error)
    }
}

/// Answers within the request's timeout; a program that takes longer has failed its probe.
pub async fn probe(lifecycle: &Lifecycle, pod_address: &str, request: ProbeRequest) -> Result<Verdict, Error> {
    let timeout = if request.timeout_millis == 0 { DEFAULT_TIMEOUT } else { Duration::from_millis(request.timeout_millis) };
    let or_pod = |host: &str| if host.is_empty() { pod_address.to_owned() } else { host.to_owned() };
    Ok(match request.action {
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
        None => return Err(Error::NoAction),
    })
}

/// Says `late` when the time is over.
async fn limited(timeout: Duration, late: String, attempt: impl Future<Output = Verdict>) -> Verdict {
    match tokio::time::timeout(timeout, attempt).await {
        Ok(verdict) => verdict,
        Err(_elapsed) => Verdict::Failure(Kind::Timeout, late),
    }
}

async fn connect(address: &str) -> Verdict {
    match dial(address, address).await {
        Ok(_stream) => Verdict::Success(String::new()),
        Err(message) => Verdict::Failure(Kind::Connection, message),
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
        let late = format!("timeout: failed to connect service {address:?} within {timeout:?}: context deadline exceeded");
        return Verdict::Failure(Kind::Timeout, late);
    };
    let left = timeout.saturating_sub(start.elapsed());
    limited(left, format!("timeout: health rpc did not complete within {timeout:?}"), health::check(channel, &action.service)).await
}

async fn run(lifecycle: &Lifecycle, action: ExecProbe, timeout: Duration) -> Result<Verdict, registry::Error> {
    let container = lifecycle.registry.find_running(&action.container_id)?;
    let line = action.args.join(" ");
    let command = Command { args: action.args, environment: Vec::new(), tty: None, stdin: false };
    let mut process = match exec::start(lifecycle.reaper.clone(), container, command).await {
        Ok(process) => process,
        // Also a program that is not there: a kubelet learns no exit code then, and does not count it.
        Err(failure) => return Ok(Verdict::Unknown(format!("failed to exec in container: {}", failure.message))),
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
        (true, _) => Verdict::Failure(Kind::Timeout, format!("command timed out: {line:?} timed out after {timeout:?}")),
        (false, 0) => Verdict::Success(text),
        (false, _) => Verdict::Failure(Kind::Answer, text),
    })
}

/// Reads all, so that the program never blocks, and keeps the beginning.
async fn collect(handle: Arc<Handle>) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = handle.read(&mut buffer).await {
        let room = verdict::TEXT_LIMIT - kept.len();
        kept.extend(&buffer[..count.min(room)]);
    }
    kept
}
