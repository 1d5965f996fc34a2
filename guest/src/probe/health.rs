//! A client of gRPC's health checking protocol; its two messages are small enough to write down.

use tonic::Code;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};

use super::verdict::Verdict;
use crate::protocol::probe_failure::Kind;

const SERVING: i32 = 1;

#[derive(Clone, PartialEq, prost::Message)]
pub struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    pub service: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    pub status: i32,
}

pub async fn connect(host: &str, port: u32) -> Result<Channel, String> {
    let endpoint = Endpoint::from_shared(format!("http://{host}:{port}")).map_err(|error| error.to_string())?;
    let endpoint = endpoint.user_agent("kube-probe/1.36").map_err(|error| error.to_string())?;
    endpoint.connect().await.map_err(|error| error.to_string())
}

/// What the service says of its health, as a kubelet puts it.
pub async fn check(channel: Channel, service: &str) -> Verdict {
    let mut client = tonic::client::Grpc::new(channel);
    if let Err(error) = client.ready().await {
        return Verdict::Failure(Kind::Connection, format!("error: health rpc probe failed: {error}"));
    }
    let codec = tonic_prost::ProstCodec::<HealthCheckRequest, HealthCheckResponse>::default();
    let request = tonic::Request::new(HealthCheckRequest { service: service.to_owned() });
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    match client.unary(request, path, codec).await {
        Ok(response) if response.get_ref().status == SERVING => Verdict::Success("service healthy".to_owned()),
        Ok(response) => Verdict::Failure(Kind::Answer, format!("service unhealthy (responded with {:?})", name(response.get_ref().status))),
        Err(status) => Verdict::Failure(Kind::Connection, refusal(status.code(), status.message())),
    }
}

fn refusal(code: Code, message: &str) -> String {
    match code {
        Code::Unimplemented => {
            format!("error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {message}")
        }
        code => format!("error: health rpc probe failed: rpc error: code = {code:?} desc = {message}"),
    }
}

fn name(status: i32) -> &'static str {
    match status {
        SERVING => "SERVING",
        2 => "NOT_SERVING",
        3 => "SERVICE_UNKNOWN",
        _ => "UNKNOWN",
    }
}
