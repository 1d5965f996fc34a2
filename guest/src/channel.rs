//! The channel to the agent: one virtio-serial port that stays open, and one connection at a time over it.
//!
//! The port has no notion of a connection. When the agent goes away the port hangs up; but an agent that comes back at once may
//! do so before the guest saw that. So each connection begins where a read starts with HTTP/2's preface (a read never mixes bytes
//! of two connections, since QEMU starts a new buffer), which also ends the one before.
//!
//! Two threads of their own do the port's input and output by `poll`: its hang-ups come and go, which an edge-triggered runtime
//! takes for final.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tonic::transport::server::Connected;

const PORT_NAME: &str = "dev.monopod.guest";
const POLL_INTERVAL: Duration = Duration::from_millis(10);
const POLL_MILLIS: u16 = 1000;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// At least the size of one buffer of the kernel's port (a page), so that a read takes a buffer from its start.
const READ_SIZE: usize = 8 << 10;
/// Between the port's threads and the server, in each direction.
const CHUNKS: usize = 16;
const PIPE_SIZE: usize = 64 << 10;

/// The port, open for the machine's life: closing it would throw away what a new connection has sent already.
pub struct Port {
    connections: mpsc::Receiver<Connection>,
}

impl Port {
    /// Waits until the device exists; it appears after its driver was loaded.
    pub async fn open() -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = loop {
            match find_port() {
                Some(path) if path.exists() => break path,
                _ => tokio::time::sleep(POLL_INTERVAL).await,
            }
        };
        let file = Arc::new(fs::OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)?);
        let current = Arc::new(AtomicU64::new(0));
        let (output, to_write) = mpsc::channel(CHUNKS);
        let (accepted, connections) = mpsc::channel(1);
        let writer = Writer { file: file.clone(), current: current.clone() };
        thread::Builder::new().name("port-output".to_owned()).spawn(move || writer.run(to_write))?;
        let reader = Reader { current, accepted, output, runtime: Handle::current() };
        let read = move |buffer: &mut [u8]| read_or_wait(&file, buffer);
        thread::Builder::new().name("port-input".to_owned()).spawn(move || reader.run(read))?;
        Ok(Self { connections })
    }

    /// The agent's next connection; the one before is over then. Waits as long as it takes.
    pub async fn accept(&mut self) -> io::Result<Connection> {
        self.connections.recv().await.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

fn find_port() -> Option<PathBuf> {
    for entry in fs::read_dir("/sys/class/virtio-ports").ok()?.flatten() {
        let name = fs::read_to_string(entry.path().join("name")).unwrap_or_default();
        if name.trim_end() == PORT_NAME {
            return Some(PathBuf::from("/dev").join(entry.file_name()));
        }
    }
    None
}

fn wait(file: &fs::File, events: PollFlags) {
    let _ = poll(&mut [PollFd::new(file.as_fd(), events)], PollTimeout::from(POLL_MILLIS));
}

/// One read. Without input it waits a while before it says so.
fn read_or_wait(mut file: &fs::File, buffer: &mut [u8]) -> io::Result<usize> {
    let result = file.read(buffer);
    match &result {
        // Nobody there. The port stays "ready", so this is no case for poll.
        Ok(0) => thread::sleep(POLL_INTERVAL),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(file, PollFlags::POLLIN),
        Err(_) => thread::sleep(POLL_INTERVAL),
    }
    result
}

/// Reads the port for ever, and hands what it reads to the connection that it belongs to.
struct Reader {
    /// Number of the connection that may write.
    current: Arc<AtomicU64>,
    accepted: mpsc::Sender<Connection>,
    output: mpsc::Sender<(u64, Vec<u8>)>,
    runtime: Handle,
}

impl Reader {
    fn run(self, mut read: impl FnMut(&mut [u8]) -> io::Result<usize>) {
        let mut input: Option<mpsc::Sender<Vec<u8>>> = None;
        // A connection's first bytes may overtake the message that somebody is there: until then an empty read ends nothing.
        let mut seen = false;
        let mut buffer = [0; READ_SIZE];
        loop {
            match read(&mut buffer) {
                Ok(0) => {
                    if seen && input.take().is_some() {
                        self.current.fetch_add(1, Ordering::SeqCst);
                    }
                    seen = false;
                }
                Ok(count) => {
                    if buffer[..count].starts_with(PREFACE) {
                        input = Some(self.begin());
                    }
                    // Without a connection it is what the one before still had to say.
                    if let Some(sender) = &input
                        && sender.blocking_send(buffer[..count].to_vec()).is_err()
                    {
                        input = None;
                    }
                }
                Err(error) => seen |= error.kind() == io::ErrorKind::WouldBlock,
            }
        }
    }

    fn begin(&self) -> mpsc::Sender<Vec<u8>> {
        let number = self.current.fetch_add(1, Ordering::SeqCst) + 1;
        let (server, pump) = tokio::io::duplex(PIPE_SIZE);
        let (mut from_server, mut to_server) = tokio::io::split(pump);
        let (sender, mut receiver) = mpsc::channel::<Vec<u8>>(CHUNKS);
        let output = self.output.clone();
        let outward = self.runtime.spawn(async move {
            let mut buffer = vec![0; READ_SIZE];
            while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
                if output.send((number, buffer[..count].to_vec())).await.is_err() {
                    break;
                }
            }
        });
        self.runtime.spawn(async move {
            while let Some(chunk) = receiver.recv().await {
                if to_server.write_all(&chunk).await.is_err() {
                    break;
                }
            }
            // The agent is gone, or another came: both halves go, and the server sees the end.
            outward.abort();
        });
        let _ = self.accepted.blocking_send(Connection(server));
        sender
    }
}

/// Writes the current connection's output, and drops that of those before.
struct Writer {
    file: Arc<fs::File>,
    current: Arc<AtomicU64>,
}

impl Writer {
    fn run(self, mut chunks: mpsc::Receiver<(u64, Vec<u8>)>) {
        while let Some((number, chunk)) = chunks.blocking_recv() {
            let mut rest = &chunk[..];
            while !rest.is_empty() && self.current.load(Ordering::SeqCst) == number {
                match (&*self.file).write(rest) {
                    Ok(count) => rest = &rest[count..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_briefly(&self.file),
                    Err(_) => thread::sleep(POLL_INTERVAL),
                }
            }
        }
    }
}

/// Until the port takes more, or it is time to look whether anybody still reads.
fn wait_briefly(file: &fs::File) {
    let mut polled = [PollFd::new(file.as_fd(), PollFlags::POLLOUT)];
    let hung_up = match poll(&mut polled, PollTimeout::from(100u8)) {
        Ok(_) => polled[0].revents().is_none_or(|events| events.contains(PollFlags::POLLHUP)),
        Err(_) => true,
    };
    if hung_up {
        thread::sleep(POLL_INTERVAL);
    }
}

/// The server's end of one connection.
pub struct Connection(DuplexStream);

impl Connected for Connection {
    type ConnectInfo = ();
    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, target: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, target)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    struct Served {
        connections: mpsc::Receiver<Connection>,
        written: mpsc::Receiver<(u64, Vec<u8>)>,
        current: Arc<AtomicU64>,
    }

    /// What the port answers, one read after the other; then nothing for ever.
    fn serve(reads: Vec<io::Result<&'static [u8]>>) -> Served {
        let current = Arc::new(AtomicU64::new(0));
        let (output, written) = mpsc::channel(CHUNKS);
        let (accepted, connections) = mpsc::channel(8);
        let reader = Reader { current: current.clone(), accepted, output, runtime: Handle::current() };
        let mut reads = reads.into_iter();
        thread::spawn(move || {
            reader.run(|buffer| match reads.next() {
                Some(Ok(bytes)) => {
                    buffer[..bytes.len()].copy_from_slice(bytes);
                    Ok(bytes.len())
                }
                Some(Err(error)) => Err(error),
                None => loop {
                    thread::park();
                },
            })
        });
        Served { connections, written, current }
    }

    fn nothing_yet() -> io::Result<&'static [u8]> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    async fn first_bytes(mut connection: Connection) -> Vec<u8> {
        let mut bytes = vec![0; PREFACE.len()];
        connection.read_exact(&mut bytes).await.unwrap();
        connection.write_all(b"answer").await.unwrap();
        // Keeps it open.
        std::mem::forget(connection);
        bytes
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn answers_a_connection_whose_bytes_came_before_it_was_announced() {
        let mut port = serve(vec![Ok(b""), Ok(PREFACE), Ok(b""), nothing_yet()]);
        assert_eq!(first_bytes(port.connections.recv().await.unwrap()).await, PREFACE);
        let (number, bytes) = port.written.recv().await.unwrap();
        assert_eq!((number, bytes), (1, b"answer".to_vec()));
        assert_eq!(port.current.load(Ordering::SeqCst), 1, "the answer would be dropped");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn ends_a_connection_that_was_there_and_hung_up() {
        let mut port = serve(vec![Ok(PREFACE), nothing_yet(), Ok(b""), Ok(PREFACE)]);
        port.connections.recv().await.unwrap();
        port.connections.recv().await.unwrap();
        assert_eq!(port.current.load(Ordering::SeqCst), 3, "the hang-up and the next connection each count");
    }
}
