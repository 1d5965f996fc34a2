//! The schema's verbs. Each only translates and delegates; whatever blocks runs on the blocking pool. The one place that knows of
//! gRPC's statuses: each module has errors of its own, and what they are to the agent stands at the end.

use std::pin::Pin;
use std::sync::Arc;

use anyhow::Result;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use crate::container::lifecycle::{self, Lifecycle};
use crate::container::registry::{self, Registry};
use crate::container::spec::{Failure, FailureKind};
use crate::machine::{self, Machine};
use crate::protocol::guest_server::{Guest, GuestServer};
use crate::protocol::*;
use crate::reaper::Reaper;
use crate::usage::Detail;
use crate::{cgroup, channel, forward, nfs, power, probe, rehearsal, statistics, streams, volumes};

const MESSAGE_LIMIT: usize = 4 << 20;
/// What the agent may send ahead on one stream. The connection's is much wider: input that a process does not read counts against
/// both, and must not stop the other streams.
const STREAM_WINDOW: u32 = 128 << 10;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// Messages that wait for flow control, per stream.
const STREAM_DEPTH: usize = 4;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[derive(Clone)]
pub struct Service {
    machine: Arc<Machine>,
    lifecycle: Lifecycle,
}

impl Service {
    pub fn new(reaper: Reaper) -> Self {
        Self { machine: Arc::new(Machine::default()), lifecycle: Lifecycle::new(Registry::new(), reaper) }
    }
}

/// Serves one connection of the agent after the other, for ever.
pub async fn serve(service: Service) -> Result<()> {
    let service = GuestServer::new(service).max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT);
    let mut port = channel::Port::open().await?;
    loop {
        let connection = port.accept().await?;
        let incoming = tokio_stream::once(Ok::<_, std::io::Error>(connection));
        let server = tonic::transport::Server::builder()
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .add_service(service.clone())
            .serve_with_incoming(incoming);
        // The server returns as soon as there is nothing more to accept; the connection itself lasts until the next one begins.
        tokio::spawn(async move {
            if let Err(error) = server.await {
                eprintln!("guest: serve: {error}");
            }
        });
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Status::internal(error.to_string()))
}

fn answers<T: Send + 'static>(receiver: mpsc::Receiver<T>) -> Response<Answers<T>> {
    Response::new(Box::pin(ReceiverStream::new(receiver).map(Ok)))
}

/// A stream that breaks has ended.
fn inputs<T: Send + 'static>(request: Request<Streaming<T>>) -> Pin<Box<dyn Stream<Item = T> + Send>> {
    Box::pin(request.into_inner().map_while(Result::ok))
}

#[tonic::async_trait]
impl Guest for Service {
    type WatchContainersStream = Answers<ContainerState>;
    type ReadLogStream = Answers<LogChunk>;
    type ExecStream = Answers<StreamOutput>;
    type AttachStream = Answers<StreamOutput>;
    type PortForwardStream = Answers<PortForwardOutput>;

    async fn configure(&self, request: Request<ConfigureRequest>) -> Result<Response<ConfigureResponse>, Status> {
        let machine = self.machine.clone();
        Ok(Response::new(blocking(move || machine.configure(request.get_ref())).await??))
    }

    async fn rehearse(&self, request: Request<RehearseRequest>) -> Result<Response<RehearseResponse>, Status> {
        let (machine, lifecycle) = (self.machine.clone(), self.lifecycle.clone());
        let runtime = tokio::runtime::Handle::current();
        let configuration = request.into_inner().configuration.unwrap_or_default();
        blocking(move || rehearsal::rehearse(&machine, &lifecycle, &configuration, &runtime)).await??;
        Ok(Response::new(RehearseResponse {}))
    }

    async fn write_volume(&self, request: Request<WriteVolumeRequest>) -> Result<Response<WriteVolumeResponse>, Status> {
        self.machine.identity()?;
        let request = request.into_inner();
        if let Some(write_volume_request::Kind::NetworkFileSystem(system)) = &request.kind {
            nfs::provide(&self.lifecycle.reaper, &request.name, system).await?;
            return Ok(Response::new(WriteVolumeResponse {}));
        }
        blocking(move || volumes::write(&request)).await??;
        Ok(Response::new(WriteVolumeResponse {}))
    }

    async fn read_volume_file(&self, request: Request<ReadVolumeFileRequest>) -> Result<Response<ReadVolumeFileResponse>, Status> {
        self.machine.identity()?;
        let content = blocking(move || volumes::read_file(request.get_ref())).await??;
        Ok(Response::new(ReadVolumeFileResponse { content }))
    }

    async fn write_pod_files(&self, request: Request<WritePodFilesRequest>) -> Result<Response<WritePodFilesResponse>, Status> {
        self.machine.identity()?;
        blocking(move || volumes::write_pod_files(request.get_ref())).await??;
        Ok(Response::new(WritePodFilesResponse {}))
    }

    async fn start_container(&self, request: Request<StartContainerRequest>) -> Result<Response<StartContainerResponse>, Status> {
        let identity = self.machine.identity()?;
        let lifecycle = self.lifecycle.clone();
        let runtime = tokio::runtime::Handle::current();
        let started = blocking(move || lifecycle.start(request.get_ref(), identity.shared, &runtime)).await?;
        let outcome = match started {
            Ok(started) => start_container_response::Outcome::Started(started),
            Err(failure) => start_container_response::Outcome::Refused(failure.into()),
        };
        Ok(Response::new(StartContainerResponse { outcome: Some(outcome) }))
    }

    async fn signal_container(&self, request: Request<SignalContainerRequest>) -> Result<Response<SignalContainerResponse>, Status> {
        let request = request.into_inner();
        self.lifecycle.signal(&request.container_id, request.signal, request.all_processes)?;
        Ok(Response::new(SignalContainerResponse {}))
    }

    async fn remove_container(&self, request: Request<RemoveContainerRequest>) -> Result<Response<RemoveContainerResponse>, Status> {
        let lifecycle = self.lifecycle.clone();
        blocking(move || lifecycle.remove(&request.get_ref().container_id)).await?;
        Ok(Response::new(RemoveContainerResponse {}))
    }

    async fn list_containers(&self, _: Request<ListContainersRequest>) -> Result<Response<ListContainersResponse>, Status> {
        Ok(Response::new(ListContainersResponse { containers: self.lifecycle.registry.states() }))
    }

    async fn watch_containers(&self, _: Request<WatchContainersRequest>) -> Result<Response<Self::WatchContainersStream>, Status> {
        let (sender, receiver) = mpsc::channel(STREAM_DEPTH);
        tokio::spawn(self.lifecycle.registry.clone().watch(sender));
        Ok(answers(receiver))
    }

    async fn read_log(&self, request: Request<ReadLogRequest>) -> Result<Response<Self::ReadLogStream>, Status> {
        let request = request.into_inner();
        let container = self.lifecycle.registry.find(&request.container_id)?;
        let (sender, receiver) = mpsc::channel(STREAM_DEPTH);
        tokio::spawn(container.log.clone().read(request.offset, request.follow, sender));
        let unread = |error: std::io::Error| Status::internal(format!("read the log: {error}"));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver).map(move |chunk| chunk.map_err(unread)))))
    }

    async fn exec(&self, request: Request<Streaming<StreamInput>>) -> Result<Response<Self::ExecStream>, Status> {
        let (sender, receiver) = mpsc::channel(STREAM_DEPTH);
        streams::exec(&self.lifecycle, inputs(request), sender).await?;
        Ok(answers(receiver))
    }

    async fn attach(&self, request: Request<Streaming<StreamInput>>) -> Result<Response<Self::AttachStream>, Status> {
        let (sender, receiver) = mpsc::channel(STREAM_DEPTH);
        streams::attach(&self.lifecycle, inputs(request), sender).await?;
        Ok(answers(receiver))
    }

    async fn port_forward(&self, request: Request<Streaming<PortForwardInput>>) -> Result<Response<Self::PortForwardStream>, Status> {
        let (sender, receiver) = mpsc::channel(STREAM_DEPTH);
        forward::forward(inputs(request), sender).await?;
        Ok(answers(receiver))
    }

    async fn probe(&self, request: Request<ProbeRequest>) -> Result<Response<ProbeResponse>, Status> {
        let identity = self.machine.identity()?;
        let verdict = probe::probe(&self.lifecycle, &identity.address, request.into_inner()).await?;
        Ok(Response::new(verdict.into()))
    }

    async fn limit_resources(&self, request: Request<LimitResourcesRequest>) -> Result<Response<LimitResourcesResponse>, Status> {
        let lifecycle = self.lifecycle.clone();
        let request = request.into_inner();
        blocking(move || lifecycle.limit(&request.container_id, &request.resources.unwrap_or_default())).await??;
        Ok(Response::new(LimitResourcesResponse {}))
    }

    async fn statistics(&self, request: Request<StatisticsRequest>) -> Result<Response<StatisticsResponse>, Status> {
        let registry = self.lifecycle.registry.clone();
        let detail = if request.get_ref().detailed { Detail::All } else { Detail::Counters };
        blocking(move || statistics::read(&registry, detail)).await.map(Response::new)
    }

    async fn power_off(&self, _: Request<PowerOffRequest>) -> Result<Response<PowerOffResponse>, Status> {
        tokio::task::spawn_blocking(power::off);
        Ok(Response::new(PowerOffResponse {}))
    }
}

impl From<Failure> for StartRefusal {
    fn from(failure: Failure) -> Self {
        use start_refusal::Kind;
        let kind = match failure.kind {
            FailureKind::Exists => Kind::Exists,
            FailureKind::Request => Kind::Request,
            FailureKind::Target => Kind::Target,
            FailureKind::Processes => Kind::Processes,
            FailureKind::SubPath => Kind::SubPath,
            FailureKind::Mount => Kind::Mount,
            FailureKind::User => Kind::User,
            FailureKind::RootUser => Kind::RootUser,
            FailureKind::Seccomp => Kind::Seccomp,
            FailureKind::Capabilities => Kind::Capabilities,
            FailureKind::WorkingDirectory => Kind::WorkingDirectory,
            FailureKind::NoSuchProgram => Kind::NoSuchProgram,
            FailureKind::NotExecutable => Kind::NotExecutable,
            FailureKind::Machine => Kind::Machine,
        };
        Self { kind: kind.into(), message: failure.message }
    }
}

impl From<machine::Error> for Status {
    fn from(error: machine::Error) -> Self {
        let message = error.to_string();
        match error {
            machine::Error::Entropy(_) => Self::invalid_argument(message),
            machine::Error::Another(_) | machine::Error::NotConfigured => Self::failed_precondition(message),
            machine::Error::Failed(_) => Self::internal(message),
        }
    }
}

impl From<volumes::Error> for Status {
    fn from(error: volumes::Error) -> Self {
        let message = error.to_string();
        match error {
            volumes::Error::Name(_) | volumes::Error::NoKind => Self::invalid_argument(message),
            volumes::Error::Missing(_) | volumes::Error::Unreadable(_) => Self::failed_precondition(message),
            volumes::Error::Failed(_) => Self::internal(message),
        }
    }
}

impl From<nfs::Error> for Status {
    fn from(error: nfs::Error) -> Self {
        let message = error.to_string();
        match error {
            nfs::Error::Volume(error) => error.into(),
            nfs::Error::UnderWay | nfs::Error::Refused(_) => Self::unavailable(message),
            nfs::Error::GivenUp | nfs::Error::Failed(_) => Self::internal(message),
        }
    }
}

impl From<registry::Error> for Status {
    fn from(error: registry::Error) -> Self {
        let message = error.to_string();
        match error {
            registry::Error::Exists(_) => Self::already_exists(message),
            registry::Error::Unknown(_) => Self::not_found(message),
            registry::Error::NotRunning(_) => Self::failed_precondition(message),
        }
    }
}

impl From<lifecycle::Error> for Status {
    fn from(error: lifecycle::Error) -> Self {
        let message = error.to_string();
        match error {
            lifecycle::Error::Container(error) => error.into(),
            lifecycle::Error::Signal(_) => Self::invalid_argument(message),
            lifecycle::Error::Limit(cgroup::Error::InUse { .. }) => Self::failed_precondition(message),
            lifecycle::Error::Kill(_) | lifecycle::Error::Limit(cgroup::Error::Failed(_)) => Self::internal(message),
        }
    }
}

impl From<streams::Error> for Status {
    fn from(error: streams::Error) -> Self {
        let message = error.to_string();
        match error {
            streams::Error::NoExec | streams::Error::NoAttach => Self::invalid_argument(message),
            streams::Error::Container(error) => error.into(),
        }
    }
}

impl From<forward::Error> for Status {
    fn from(error: forward::Error) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

impl From<probe::Error> for Status {
    fn from(error: probe::Error) -> Self {
        let message = error.to_string();
        match error {
            probe::Error::NoAction => Self::invalid_argument(message),
            probe::Error::Container(error) => error.into(),
        }
    }
}
