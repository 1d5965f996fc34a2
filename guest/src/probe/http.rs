//! The HTTP client of probes: one GET per connection, of which the status and the beginning of the body count.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::ServerName;

use super::dial::dial;
use super::tls;
use super::verdict::Verdict;
use crate::protocol::probe_failure::Kind;
use crate::protocol::{EnvironmentVariable, HttpProbe};

const ANSWER_LIMIT: u64 = 64 << 10;
const BODY_LIMIT: usize = 10 << 10;
const REDIRECTS: usize = 10;

/// Where a request goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    secure: bool,
    host: String,
    port: u16,
    path: String,
}

struct Answer {
    status: u16,
    location: Option<String>,
    body: String,
}

/// Why there was no answer.
#[derive(Debug)]
enum Error {
    Unreachable(String),
    /// The server answered the handshake in plain text.
    PlainText,
    Tls(String),
    Broken(io::Error),
    Malformed,
}

impl Error {
    fn kind(&self) -> Kind {
        match self {
            Self::PlainText => Kind::PlainText,
            Self::Unreachable(_) | Self::Tls(_) | Self::Broken(_) | Self::Malformed => Kind::Connection,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(message) => formatter.write_str(message),
            Self::PlainText => formatter.write_str("http: server gave HTTP response to HTTPS client"),
            Self::Tls(message) => write!(formatter, "tls: {message}"),
            Self::Broken(error) => error.fmt(formatter),
            Self::Malformed => formatter.write_str("malformed HTTP response"),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// 200 to 399 is success. Redirects are followed on the same host; one that leads elsewhere counts as success, as with a kubelet.
pub async fn get(host: &str, probe: &HttpProbe) -> Verdict {
    let Ok(port) = u16::try_from(probe.port) else { return Verdict::Unknown(format!("port {}", probe.port)) };
    let path = if probe.path.starts_with('/') { probe.path.clone() } else { format!("/{}", probe.path) };
    let mut target = Target { secure: probe.scheme.eq_ignore_ascii_case("https"), host: host.to_owned(), port, path };
    for _ in 0..REDIRECTS {
        let answer = match request(&target, probe).await {
            Ok(answer) => answer,
            Err(error) => return Verdict::Failure(error.kind(), format!("Get \"{}\": {error}", target.url())),
        };
        match (answer.status, answer.location.as_deref().map(|location| target.redirected(location))) {
            (301 | 302 | 303 | 307 | 308, Some(Some(next))) => target = next,
            (200..=299, _) => return Verdict::Success(answer.body),
            _ if probe.any_status => return Verdict::Success(String::new()),
            (300..=399, _) => return Verdict::Warning(format!("Probe terminated redirects, Response body: {}", answer.body)),
            (status, _) => return Verdict::Failure(Kind::Answer, format!("HTTP probe failed with statuscode: {status}")),
        }
    }
    Verdict::Failure(Kind::Answer, format!("Get {:?}: stopped after {REDIRECTS} redirects", target.path))
}

/// Where the first request goes to.
pub fn url(host: &str, probe: &HttpProbe) -> String {
    format!("{}://{host}:{}{}", probe.scheme.to_lowercase(), probe.port, probe.path)
}

impl Target {
    fn url(&self) -> String {
        format!("{}://{}:{}{}", if self.secure { "https" } else { "http" }, self.host, self.port, self.path)
    }

    /// Where a redirect leads to, unless to another host.
    fn redirected(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(Self { path: location.to_owned(), ..self.clone() });
        }
        let (secure, rest) = match (location.strip_prefix("https://"), location.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) if location.starts_with("//") || location.contains("://") => return None,
            // Relative to the folder of the present path.
            (None, None) => {
                let path = self.path.split('?').next().unwrap_or("/");
                let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
                return Some(Self { path: format!("{folder}{location}"), ..self.clone() });
            }
        };
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, if secure { 443 } else { 80 }),
        };
        (host == self.host).then(|| Self { secure, host: host.to_owned(), port, path: path.to_owned() })
    }
}

async fn request(target: &Target, probe: &HttpProbe) -> Result<Answer, Error> {
    let name = format!("{}:{}", target.host, target.port);
    let stream = dial(&name, (target.host.as_str(), target.port)).await.map_err(Error::Unreachable)?;
    if !target.secure {
        return exchange(stream, target, probe).await;
    }
    let name = ServerName::try_from(target.host.clone()).map_err(|error| Error::Unreachable(error.to_string()))?;
    let stream = TlsConnector::from(Arc::new(tls::trusting_anybody())).connect(name, stream).await.map_err(|error| handshake(&error))?;
    exchange(stream, target, probe).await
}

/// A server that answers in plain text sends what is no message of TLS.
fn handshake(error: &io::Error) -> Error {
    match error.get_ref().and_then(|cause| cause.downcast_ref()) {
        Some(rustls::Error::InvalidMessage(_)) => Error::PlainText,
        _ => Error::Tls(error.to_string()),
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, target: &Target, probe: &HttpProbe) -> Result<Answer, Error> {
    stream.write_all(head(target, probe).as_bytes()).await?;
    let mut bytes = Vec::new();
    let mut limited = stream.take(ANSWER_LIMIT);
    loop {
        match limited.read_buf(&mut bytes).await {
            Ok(0) => break,
            Ok(_) => {}
            // Many servers close TLS without a farewell; what came is enough if the head is complete.
            Err(_) if find_body(&bytes).is_some() => break,
            Err(error) => return Err(error.into()),
        }
        if complete(&bytes) {
            break;
        }
    }
    parse(&bytes).ok_or(Error::Malformed)
}

fn head(target: &Target, probe: &HttpProbe) -> String {
    let has = |name: &str| probe.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
    let mut head = format!("GET {} HTTP/1.1\r\n", target.path);
    let mut add = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    if !has("Host") {
        add("Host", &format!("{}:{}", target.host, target.port));
    }
    if !has("User-Agent") {
        add("User-Agent", "kube-probe/1.36");
    }
    if !has("Accept") {
        add("Accept", "*/*");
    }
    let meant =
        |header: &&EnvironmentVariable| !header.value.is_empty() || !matches!(header.name.to_lowercase().as_str(), "user-agent" | "accept");
    for header in
        probe.headers.iter().filter(meant).filter(|header| !header.name.contains(['\r', '\n']) && !header.value.contains(['\r', '\n']))
    {
        add(&header.name, &header.value);
    }
    add("Connection", "close");
    head + "\r\n"
}

fn find_body(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Whether the announced body has come: a server need not close.
fn complete(bytes: &[u8]) -> bool {
    let Some(start) = find_body(bytes) else { return false };
    let head = String::from_utf8_lossy(&bytes[..start]);
    let chunked = header(&head, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    match header(&head, "content-length").and_then(|value| value.parse::<usize>().ok()) {
        Some(length) => bytes.len() - start >= length,
        None => chunked && bytes.ends_with(b"0\r\n\r\n"),
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().skip(1).find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let start = find_body(bytes)?;
    let head = String::from_utf8_lossy(&bytes[..start]);
    let status_line = head.lines().next()?;
    let status = status_line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let body = &bytes[start..bytes.len().min(start + BODY_LIMIT)];
    Some(Answer { status, location: header(&head, "location"), body: String::from_utf8_lossy(body).into_owned() })
}

/// What a fuzzer holds for true of any answer.
#[cfg(fuzzing)]
pub fn try_answer(bytes: &[u8]) {
    let whole = complete(bytes);
    let target = Target { secure: false, host: "10.0.0.1".to_owned(), port: 80, path: "/a/b?c".to_owned() };
    match parse(bytes) {
        Some(answer) => {
            assert!(answer.body.len() <= 3 * BODY_LIMIT);
            if let Some(next) = answer.location.and_then(|location| target.redirected(&location)) {
                assert!(next.host == target.host && next.path.starts_with('/'), "{next:?}");
            }
        }
        None => assert!(!whole || find_body(bytes).is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_status_and_body() {
        let answer = parse(b"HTTP/1.1 404 Not Found\r\nLocation: /there\r\n\r\nnothing").expect("answer");
        assert_eq!((answer.status, answer.location.as_deref(), answer.body.as_str()), (404, Some("/there"), "nothing"));
        assert!(parse(b"SSH-2.0-x\r\n\r\n").is_none());
    }

    #[test]
    fn waits_for_a_body_of_any_announced_length() {
        for (length, whole) in [("4", true), ("5", false), ("18446744073709551615", false)] {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nbody");
            assert_eq!(complete(answer.as_bytes()), whole, "{length}");
        }
    }

    #[test]
    fn follows_redirects_only_on_the_same_host() {
        let target = Target { secure: false, host: "10.0.0.1".to_owned(), port: 80, path: "/".to_owned() };
        assert_eq!(target.redirected("/next").expect("path").path, "/next");
        let secure = target.redirected("https://10.0.0.1:8443/x").expect("same host");
        assert_eq!((secure.secure, secure.port, secure.path.as_str()), (true, 8443, "/x"));
        assert_eq!(target.redirected("http://elsewhere/"), None);
        assert_eq!(target.redirected("//elsewhere/"), None);
        assert_eq!(target.redirected("ftp://10.0.0.1/"), None);
        let below = Target { path: "/a/b?c=d".to_owned(), ..target };
        assert_eq!(below.redirected("e").expect("relative").path, "/a/e");
    }
}
