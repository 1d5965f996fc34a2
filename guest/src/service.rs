//! The schema's verbs. Each only translates and delegates; whatever blocks runs on the blocking pool.

use std::pin::Pin;
use std::sync::Arc;

use anyhow::Result;
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::machine::Machine;
use crate::protocol::guest_server::{Guest, GuestServer};
use crate::protocol::*;
use crate::reaper::Reaper;
use crate::{channel, power};

const MESSAGE_LIMIT: usize = 4 << 20;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[derive(Clone)]
pub struct Service {
    machine: Arc<Machine>,
}

impl Service {
    pub fn new(_reaper: Reaper) -> Self {
        Self { machine: Arc::new(Machine::default()) }
    }
}

/// Serves one connection of the agent after the other, for ever.
pub async fn serve(service: Service) -> Result<()> {
    let service = GuestServer::new(service).max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT);
    let port = channel::Port::open().await?;
    loop {
        let (connection, ended) = port.accept().await;
        let incoming = tokio_stream::once(Ok::<_, std::io::Error>(connection));
        let server = tonic::transport::Server::builder()
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20)
            .add_service(service.clone())
            .serve_with_incoming(incoming);
        // The server returns as soon as there is nothing more to accept; the connection itself is over when the port is dropped.
        if let Err(error) = server.await {
            eprintln!("guest: serve: {error}");
        }
        let _ = ended.await;
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Status> + Send + 'static) -> Result<Response<T>, Status> {
    let result = tokio::task::spawn_blocking(work).await.map_err(|error| Status::internal(error.to_string()))?;
    result.map(Response::new)
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
        blocking(move || machine.configure(request.get_ref())).await
    }

    async fn write_volume(&self, _: Request<WriteVolumeRequest>) -> Result<Response<WriteVolumeResponse>, Status> {
        Err(Status::unimplemented("write_volume"))
    }

    async fn write_pod_files(&self, _: Request<WritePodFilesRequest>) -> Result<Response<WritePodFilesResponse>, Status> {
        Err(Status::unimplemented("write_pod_files"))
    }

    async fn start_container(&self, _: Request<StartContainerRequest>) -> Result<Response<StartContainerResponse>, Status> {
        Err(Status::unimplemented("start_container"))
    }

    async fn signal_container(&self, _: Request<SignalContainerRequest>) -> Result<Response<SignalContainerResponse>, Status> {
        Err(Status::unimplemented("signal_container"))
    }

    async fn remove_container(&self, _: Request<RemoveContainerRequest>) -> Result<Response<RemoveContainerResponse>, Status> {
        Err(Status::unimplemented("remove_container"))
    }

    async fn list_containers(&self, _: Request<ListContainersRequest>) -> Result<Response<ListContainersResponse>, Status> {
        Err(Status::unimplemented("list_containers"))
    }

    async fn watch_containers(&self, _: Request<WatchContainersRequest>) -> Result<Response<Self::WatchContainersStream>, Status> {
        Err(Status::unimplemented("watch_containers"))
    }

    async fn read_log(&self, _: Request<ReadLogRequest>) -> Result<Response<Self::ReadLogStream>, Status> {
        Err(Status::unimplemented("read_log"))
    }

    async fn exec(&self, _: Request<Streaming<StreamInput>>) -> Result<Response<Self::ExecStream>, Status> {
        Err(Status::unimplemented("exec"))
    }

    async fn attach(&self, _: Request<Streaming<StreamInput>>) -> Result<Response<Self::AttachStream>, Status> {
        Err(Status::unimplemented("attach"))
    }

    async fn port_forward(&self, _: Request<Streaming<PortForwardInput>>) -> Result<Response<Self::PortForwardStream>, Status> {
        Err(Status::unimplemented("port_forward"))
    }

    async fn probe(&self, _: Request<ProbeRequest>) -> Result<Response<ProbeResponse>, Status> {
        Err(Status::unimplemented("probe"))
    }

    async fn statistics(&self, _: Request<StatisticsRequest>) -> Result<Response<StatisticsResponse>, Status> {
        Err(Status::unimplemented("statistics"))
    }

    async fn power_off(&self, _: Request<PowerOffRequest>) -> Result<Response<PowerOffResponse>, Status> {
        tokio::task::spawn_blocking(power::off);
        Ok(Response::new(PowerOffResponse {}))
    }
}
