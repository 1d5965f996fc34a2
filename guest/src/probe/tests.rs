//! Probes against real servers on the loopback interface.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tonic::body::Body;
use tonic::codegen::{Service, http as messages};
use tonic::server::{NamedService, UnaryService};
use tonic::{Request, Response, Status};

use super::health::{HealthCheckRequest, HealthCheckResponse};
use super::*;
use crate::protocol::{EnvironmentVariable, HttpProbe};

const SECOND: Duration = Duration::from_secs(1);

fn probe(scheme: &str, port: u16, path: &str) -> HttpProbe {
    HttpProbe { scheme: scheme.to_owned(), port: port.into(), path: path.to_owned(), ..HttpProbe::default() }
}

/// Answers every request with this, and hands its head on.
async fn web(answer: &'static str, tls: Option<TlsAcceptor>) -> (u16, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let port = listener.local_addr().expect("address").port();
    let (heads, seen) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, heads) = (tls.clone(), heads.clone());
            tokio::spawn(async move {
                match tls {
                    None => serve(stream, answer, heads).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            serve(stream, answer, heads).await;
                        }
                    }
                }
            });
        }
    });
    (port, seen)
}

async fn serve(
    mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    answer: &str,
    heads: tokio::sync::mpsc::UnboundedSender<String>,
) {
    let mut buffer = vec![0; 4096];
    let count = stream.read(&mut buffer).await.unwrap_or(0);
    let _ = heads.send(String::from_utf8_lossy(&buffer[..count]).into_owned());
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn tls() -> TlsAcceptor {
    let certificate = bytes(include_str!("../../tests/support/probe-certificate.hex"));
    let key = bytes(include_str!("../../tests/support/probe-key.hex"));
    let configuration = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], PrivatePkcs8KeyDer::from(key).into())
        .expect("certificate");
    TlsAcceptor::from(Arc::new(configuration))
}

#[tokio::test]
async fn https_succeeds_whoever_signed_the_certificate() {
    let (port, mut heads) = web("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine", Some(tls())).await;
    let verdict = http::get("127.0.0.1", &probe("HTTPS", port, "/health?deep=1")).await;
    assert_eq!(verdict, Verdict::Success("fine".to_owned()));
    let head = heads.recv().await.expect("head");
    assert!(head.starts_with("GET /health?deep=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("Host: 127.0.0.1:{port}\r\n")), "{head}");
}

#[tokio::test]
async fn a_server_without_tls_is_a_kind_of_failure_of_its_own() {
    let (port, _heads) = web("HTTP/1.1 400 Bad Request\r\n\r\n", None).await;
    let verdict = http::get("127.0.0.1", &probe("https", port, "/")).await;
    let message = format!("Get \"https://127.0.0.1:{port}/\": http: server gave HTTP response to HTTPS client");
    assert_eq!(verdict, Verdict::Failure(Kind::PlainText, message));
}

#[tokio::test]
async fn headers_replace_the_defaults_or_leave_them_out() {
    let (port, mut heads) = web("HTTP/1.1 204 No Content\r\n\r\n", None).await;
    let header = |name: &str, value: &str| EnvironmentVariable { name: name.to_owned(), value: value.to_owned() };
    let headers = vec![header("Host", "shop.example"), header("Accept", ""), header("X-One", "1")];
    let verdict = http::get("127.0.0.1", &HttpProbe { headers, ..probe("http", port, "/") }).await;
    assert!(matches!(verdict, Verdict::Success(_)), "{verdict:?}");
    let head = heads.recv().await.expect("head");
    assert!(head.contains("Host: shop.example\r\n") && head.contains("X-One: 1\r\n"), "{head}");
    assert!(head.contains("User-Agent: kube-probe/1.36\r\n") && !head.contains("Accept"), "{head}");
}

#[tokio::test]
async fn redirects_elsewhere_warn_and_endless_ones_fail() {
    let (port, _heads) = web("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 4\r\n\r\nbody", None).await;
    let verdict = http::get("127.0.0.1", &probe("http", port, "/")).await;
    assert_eq!(verdict, Verdict::Warning("Probe terminated redirects, Response body: body".to_owned()));
    let (port, _heads) = web("HTTP/1.1 302 Found\r\nLocation: again\r\nContent-Length: 0\r\n\r\n", None).await;
    let verdict = http::get("127.0.0.1", &probe("http", port, "/a/b")).await;
    assert_eq!(verdict, Verdict::Failure(Kind::Answer, "Get \"/a/again\": stopped after 10 redirects".to_owned()));
}

#[tokio::test]
async fn hooks_succeed_with_any_status() {
    let (port, _heads) = web("HTTP/1.1 500 Internal Server Error\r\n\r\n", None).await;
    let verdict = http::get("127.0.0.1", &HttpProbe { any_status: true, ..probe("http", port, "/") }).await;
    assert!(matches!(verdict, Verdict::Success(_)), "{verdict:?}");
    let verdict = http::get("127.0.0.1", &probe("http", port, "/")).await;
    assert_eq!(verdict, Verdict::Failure(Kind::Answer, "HTTP probe failed with statuscode: 500".to_owned()));
}

#[tokio::test]
async fn refusals_are_told_as_a_kubelet_tells_them() {
    let port = TcpListener::bind("127.0.0.1:0").await.expect("listen").local_addr().expect("address").port();
    let verdict = http::get("127.0.0.1", &probe("http", port, "/")).await;
    let refused = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
    assert_eq!(verdict, Verdict::Failure(Kind::Connection, format!("Get \"http://127.0.0.1:{port}/\": {refused}")));
    let verdict = connect(&format!("127.0.0.1:{port}")).await;
    assert_eq!(verdict, Verdict::Failure(Kind::Connection, refused));
}

/// Says of the service `shop` that it serves, and of any other that it does not.
#[derive(Clone)]
struct Health;

impl NamedService for Health {
    const NAME: &'static str = "grpc.health.v1.Health";
}

impl UnaryService<HealthCheckRequest> for Health {
    type Response = HealthCheckResponse;
    type Future = Pin<Box<dyn Future<Output = Result<Response<HealthCheckResponse>, Status>> + Send>>;

    fn call(&mut self, request: Request<HealthCheckRequest>) -> Self::Future {
        let status = if request.get_ref().service == "shop" { 1 } else { 2 };
        Box::pin(async move { Ok(Response::new(HealthCheckResponse { status })) })
    }
}

impl Service<messages::Request<Body>> for Health {
    type Response = messages::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: messages::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let codec = tonic_prost::ProstCodec::<HealthCheckResponse, HealthCheckRequest>::default();
            Ok(tonic::server::Grpc::new(codec).unary(Health, request).await)
        })
    }
}

#[tokio::test]
async fn grpc_asks_for_the_health_of_a_service() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let port = listener.local_addr().expect("address").port();
    let (connections, incoming) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = connections.send(Ok::<_, std::io::Error>(stream)).await;
        }
    });
    let incoming = tokio_stream::wrappers::ReceiverStream::new(incoming);
    tokio::spawn(tonic::transport::Server::builder().add_service(Health).serve_with_incoming(incoming));
    let ask = |service: &str| GrpcProbe { port: port.into(), service: service.to_owned() };
    assert_eq!(check("127.0.0.1", &ask("shop"), SECOND).await, Verdict::Success("service healthy".to_owned()));
    let unwell = Verdict::Failure(Kind::Answer, "service unhealthy (responded with \"NOT_SERVING\")".to_owned());
    assert_eq!(check("127.0.0.1", &ask(""), SECOND).await, unwell);
}

#[tokio::test]
async fn grpc_waits_for_a_server_until_its_time_is_over() {
    let port = TcpListener::bind("127.0.0.1:0").await.expect("listen").local_addr().expect("address").port();
    let verdict = check("127.0.0.1", &GrpcProbe { port: port.into(), service: String::new() }, SECOND).await;
    let expected = format!("timeout: failed to connect service \"127.0.0.1:{port}\" within 1s: context deadline exceeded");
    assert_eq!(verdict, Verdict::Failure(Kind::Timeout, expected));
}

/// DER that the repository keeps as text.
fn bytes(digits: &str) -> Vec<u8> {
    let digits: String = digits.split_whitespace().collect();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("two hexadecimal digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}
