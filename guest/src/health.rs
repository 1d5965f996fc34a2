//! A client of gRPC's health checking protocol; its two messages are small enough to write down.

use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;

const SERVING: i32 = 1;

#[derive(Clone, PartialEq, prost::Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// Whether the service says that it serves.
pub async fn check(host: &str, port: u32, service: &str) -> Result<bool, String> {
    let endpoint = Endpoint::from_shared(format!("http://{host}:{port}")).map_err(|error| error.to_string())?;
    let channel = endpoint.connect().await.map_err(|error| format!("connect to {host}:{port}: {error}"))?;
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| error.to_string())?;
    let codec = tonic_prost::ProstCodec::<HealthCheckRequest, HealthCheckResponse>::default();
    let request = tonic::Request::new(HealthCheckRequest { service: service.to_owned() });
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    match client.unary(request, path, codec).await {
        Ok(response) => Ok(response.into_inner().status == SERVING),
        Err(status) => Err(format!("{:?}: {}", status.code(), status.message())),
    }
}
