//! Port forwarding: a connection to a port of the machine, carried over the channel.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::pin::Pin;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt};

use crate::protocol::{PortForwardInput, PortForwardOutput, port_forward_input, port_forward_output};

const CHUNK_SIZE: usize = 32 << 10;

/// What the agent sends, up to its end or the connection's.
pub type Inputs = Pin<Box<dyn Stream<Item = PortForwardInput> + Send>>;
type Answers = mpsc::Sender<PortForwardOutput>;

/// Why nothing is forwarded.
#[derive(Debug)]
pub enum Error {
    FirstMessage,
    Port(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstMessage => formatter.write_str("the first message is not a port"),
            Self::Port(port) => write!(formatter, "port {port}"),
        }
    }
}

/// Dials what the first message tells and relays until the program closes its side or the agent leaves.
pub async fn forward(mut inputs: Inputs, target: Answers) -> Result<(), Error> {
    let Some(port_forward_input::Input::Port(port)) = inputs.next().await.and_then(|message| message.input) else {
        return Err(Error::FirstMessage);
    };
    let port = u16::try_from(port).map_err(|_| Error::Port(port))?;
    tokio::spawn(async move {
        match dial(port).await {
            Ok(stream) => relay(stream, inputs, target).await,
            Err(error) => {
                let _ = target.send(output(port_forward_output::Output::Error(format!("dial port {port}: {error}")))).await;
            }
        }
    });
    Ok(())
}

async fn dial(port: u16) -> std::io::Result<TcpStream> {
    match TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        Ok(stream) => Ok(stream),
        // The IPv4 error is the one to tell: most programs listen there.
        Err(error) => TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.map_err(|_| error),
    }
}

async fn relay(stream: TcpStream, mut inputs: Inputs, target: Answers) {
    let _ = stream.set_nodelay(true);
    let (reader, mut writer) = stream.into_split();
    if target.send(output(port_forward_output::Output::Connected(true))).await.is_err() {
        return;
    }
    let feeder = tokio::spawn(async move {
        while let Some(message) = inputs.next().await {
            let written = match message.input {
                Some(port_forward_input::Input::Data(data)) => writer.write_all(&data).await,
                Some(port_forward_input::Input::CloseWrite(_)) => writer.shutdown().await,
                Some(port_forward_input::Input::Port(_)) | None => return,
            };
            if written.is_err() {
                return;
            }
        }
    });
    pump(reader, &target).await;
    feeder.abort();
}

async fn pump(mut reader: OwnedReadHalf, target: &Answers) {
    let mut buffer = vec![0; CHUNK_SIZE];
    loop {
        let read = tokio::select! {
            read = reader.read(&mut buffer) => read,
            () = target.closed() => return,
        };
        let answer = match read {
            Ok(0) => return,
            Ok(count) => port_forward_output::Output::Data(buffer[..count].to_vec()),
            Err(error) => port_forward_output::Output::Error(error.to_string()),
        };
        let last = matches!(answer, port_forward_output::Output::Error(_));
        if target.send(output(answer)).await.is_err() || last {
            return;
        }
    }
}

fn output(output: port_forward_output::Output) -> PortForwardOutput {
    PortForwardOutput { output: Some(output) }
}
