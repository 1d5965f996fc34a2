//! TCP connections of probes.

use std::io;

use tokio::net::{TcpStream, ToSocketAddrs};

/// Connects, or says why not in the words of a kubelet.
pub async fn dial(name: &str, address: impl ToSocketAddrs) -> Result<TcpStream, String> {
    TcpStream::connect(address).await.map_err(|error| format!("dial tcp {name}: connect: {}", reason(&error)))
}

/// What the system says of an error, without its number: `connection refused`.
fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => nix::errno::Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}
