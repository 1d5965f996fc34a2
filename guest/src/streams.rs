//! The interactive streams: exec and attach.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio_stream::{Stream, StreamExt};

use crate::container::exec::{self, Command, Process};
use crate::container::lifecycle::Lifecycle;
use crate::container::registry::{self, Container};
use crate::container::terminal;
use crate::handle::Handle;
use crate::protocol::{ExecStart, StreamExit, StreamInput, StreamOutput, StreamStarted, stream_input, stream_output};

const CHUNK_SIZE: usize = 32 << 10;
/// How long output is awaited after the process ended: a child that it left behind may hold it open for ever.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);
/// More than a pipe or terminal holds. What comes after so much is from such a child, not from the process.
const DRAIN_LIMIT: usize = 1 << 20;

/// What the agent sends, up to its end or the connection's.
pub type Inputs = Pin<Box<dyn Stream<Item = StreamInput> + Send>>;
type Answers = mpsc::Sender<StreamOutput>;

/// Why there is no stream.
#[derive(Debug)]
pub enum Error {
    NoExec,
    NoAttach,
    Container(registry::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExec => formatter.write_str("the first message is not an exec"),
            Self::NoAttach => formatter.write_str("the first message is not an attach"),
            Self::Container(error) => error.fmt(formatter),
        }
    }
}

impl From<registry::Error> for Error {
    fn from(error: registry::Error) -> Self {
        Self::Container(error)
    }
}

/// Runs what the first message tells. The stream ends with the process's exit.
pub async fn exec(lifecycle: &Lifecycle, mut inputs: Inputs, target: Answers) -> Result<(), Error> {
    let Some(stream_input::Input::Exec(start)) = first(&mut inputs).await else {
        return Err(Error::NoExec);
    };
    let container = lifecycle.registry.find_running(&start.container_id)?;
    let reaper = lifecycle.reaper.clone();
    tokio::spawn(async move {
        let timeout = Duration::from_millis(start.timeout_millis);
        match exec::start(reaper, container, command(start)).await {
            Ok(process) => follow(process, timeout, inputs, target).await,
            Err(failure) => {
                let exit = StreamExit { exit_code: exec::code_of(&failure), timed_out: false, error: failure.message };
                let _ = target.send(output(stream_output::Output::Exit(exit))).await;
            }
        }
    });
    Ok(())
}

fn command(start: ExecStart) -> Command {
    let size = start.size.unwrap_or_default();
    Command {
        args: start.args,
        environment: start.environment.into_iter().map(|variable| (variable.name, variable.value)).collect(),
        tty: start.tty.then_some((size.columns as u16, size.rows as u16)),
        stdin: start.stdin,
    }
}

async fn follow(mut process: Process, timeout: Duration, inputs: Inputs, target: Answers) {
    if target.send(output(stream_output::Output::Started(StreamStarted {}))).await.is_err() {
        return;
    }
    let mut pumps = JoinSet::new();
    let (end, ended) = watch::channel(false);
    for (error, handle) in std::mem::take(&mut process.outputs) {
        pumps.spawn(pump(handle, error, target.clone(), ended.clone()));
    }
    let feeder = tokio::spawn(feed(inputs, process.input.take(), process.terminal.take()));
    let (exit_code, timed_out) = process.wait(timeout).await;
    let _ = end.send(true);
    while pumps.join_next().await.is_some() {}
    feeder.abort();
    let exit = StreamExit { exit_code, timed_out, error: String::new() };
    let _ = target.send(output(stream_output::Output::Exit(exit))).await;
}

/// Passes output on to its end. The client may take as long as it likes for what the process had said when it ended.
async fn pump(handle: Arc<Handle>, error: bool, target: Answers, mut ended: watch::Receiver<bool>) {
    let mut buffer = vec![0; CHUNK_SIZE];
    let mut late = 0;
    while late < DRAIN_LIMIT {
        let count = tokio::select! {
            biased;
            count = handle.read(&mut buffer) => count.unwrap_or(0),
            () = lingered(&mut ended) => return,
            // Nobody listens: the process gets SIGPIPE or SIGHUP once our ends are closed.
            () = target.closed() => return,
        };
        if count == 0 || target.send(piece(error, buffer[..count].to_vec())).await.is_err() {
            return;
        }
        if *ended.borrow() {
            late += count;
        }
    }
}

async fn lingered(ended: &mut watch::Receiver<bool>) {
    let _ = ended.wait_for(|ended| *ended).await;
    tokio::time::sleep(DRAIN_TIMEOUT).await;
}

/// Passes input on until it is closed.
async fn feed(mut inputs: Inputs, mut input: Option<Arc<Handle>>, terminal: Option<Arc<Handle>>) {
    while let Some(message) = inputs.next().await {
        match message.input {
            Some(stream_input::Input::Stdin(data)) => {
                if let Some(handle) = &input
                    && handle.write_all(&data).await.is_err()
                {
                    input = None;
                }
            }
            Some(stream_input::Input::CloseStdin(_)) => input = None,
            Some(stream_input::Input::Resize(size)) => {
                if let Some(terminal) = &terminal {
                    let _ = terminal::resize(terminal.as_ref(), size.columns as u16, size.rows as u16);
                }
            }
            Some(stream_input::Input::Exec(_) | stream_input::Input::Attach(_)) | None => return,
        }
    }
}

/// Joins the container's own streams until it ends or the agent leaves.
pub async fn attach(lifecycle: &Lifecycle, mut inputs: Inputs, target: Answers) -> Result<(), Error> {
    let Some(stream_input::Input::Attach(start)) = first(&mut inputs).await else {
        return Err(Error::NoAttach);
    };
    let container = lifecycle.registry.find_running(&start.container_id)?;
    let outputs = container.output.subscribe();
    tokio::spawn(async move {
        let input = if start.stdin { container.input.lock().expect("input lock").clone() } else { None };
        let terminal = container.terminal.clone();
        let once = start.stdin && container.stdin_once;
        let fed = container.clone();
        let feeder = tokio::spawn(async move {
            feed(inputs, input, terminal).await;
            if once {
                *fed.input.lock().expect("input lock") = None;
            }
        });
        relay(&container, outputs, &target).await;
        feeder.abort();
    });
    Ok(())
}

async fn relay(container: &Container, mut outputs: broadcast::Receiver<crate::container::registry::Output>, target: &Answers) {
    if target.send(output(stream_output::Output::Started(StreamStarted {}))).await.is_err() {
        return;
    }
    let closed = container.log.closed();
    tokio::pin!(closed);
    let mut over = false;
    loop {
        let next = if over {
            // What was said before the end is still in the channel.
            outputs.try_recv().ok()
        } else {
            tokio::select! {
                biased;
                next = outputs.recv() => match next {
                    Ok(next) => Some(next),
                    Err(broadcast::error::RecvError::Lagged(_)) => continue,
                    Err(broadcast::error::RecvError::Closed) => None,
                },
                () = &mut closed => { over = true; continue }
                () = target.closed() => return,
            }
        };
        let Some(next) = next else { break };
        if target.send(piece(next.error, next.data.to_vec())).await.is_err() {
            return;
        }
    }
    let exit = StreamExit { exit_code: container.state().exit_code, ..StreamExit::default() };
    let _ = target.send(output(stream_output::Output::Exit(exit))).await;
}

async fn first(inputs: &mut Inputs) -> Option<stream_input::Input> {
    inputs.next().await.and_then(|message| message.input)
}

fn output(output: stream_output::Output) -> StreamOutput {
    StreamOutput { output: Some(output) }
}

fn piece(error: bool, data: Vec<u8>) -> StreamOutput {
    output(if error { stream_output::Output::Stderr(data) } else { stream_output::Output::Stdout(data) })
}
