//! The channel to the agent: one virtio-serial port that stays open, and one connection at a time over it.
//!
//! The port has no notion of a connection. When the agent goes away the port hangs up; but an agent that comes back at once may
//! do so before the guest saw that. So each connection begins where a read starts with HTTP/2's preface (a read never mixes bytes
//! of two connections, since QEMU starts a new buffer), which also ends the one before.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tonic::transport::server::Connected;

const PORT_NAME: &str = "dev.monopod.guest";
const POLL_INTERVAL: Duration = Duration::from_millis(10);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// At least the size of one buffer of the kernel's port (a page), so that a read takes a buffer from its start.
const READ_SIZE: usize = 8 << 10;

/// The port, open for the machine's life: closing it would throw away what a new connection has sent already.
#[derive(Clone)]
pub struct Port {
    file: Arc<AsyncFd<fs::File>>,
    /// The first read of a connection that was found while its predecessor was still served.
    next: Arc<Mutex<Option<Vec<u8>>>>,
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
        let file = fs::OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        // SAFETY: the file is neither closed nor replaced while it is registered.
        let file = unsafe { AsyncFd::register(file) }?;
        Ok(Self { file: Arc::new(file), next: Arc::default() })
    }

    /// The next connection of the agent, and what tells when it has ended. Waits as long as it takes.
    pub async fn accept(&self) -> (Connection, oneshot::Receiver<()>) {
        let first = loop {
            if let Some(first) = self.next.lock().expect("channel lock").take() {
                break first;
            }
            let mut buffer = [0; READ_SIZE];
            let file: &fs::File = self.file.get_ref();
            match { file }.read(&mut buffer) {
                Ok(count) if buffer[..count].starts_with(PREFACE) => break buffer[..count].to_vec(),
                // What the previous connection still had to say.
                Ok(count) if count > 0 => continue,
                // Nobody there, or nothing said yet. A poll rather than readiness: a hangup would keep the port ready for ever.
                _ => tokio::time::sleep(POLL_INTERVAL).await,
            }
        };
        let (ended, receiver) = oneshot::channel();
        (Connection { port: self.clone(), buffered: first.into(), over: false, _ended: ended }, receiver)
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

/// Whether nobody is connected to the host's end.
fn hung_up(file: &impl AsFd) -> bool {
    let mut polled = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    match poll(&mut polled, PollTimeout::ZERO) {
        Ok(_) => polled[0].revents().is_some_and(|events| events.contains(PollFlags::POLLHUP)),
        Err(_) => true,
    }
}

/// One connection. Dropping it drops `_ended`, which wakes whoever waits to serve the next.
pub struct Connection {
    port: Port,
    buffered: VecDeque<u8>,
    over: bool,
    _ended: oneshot::Sender<()>,
}

impl Connected for Connection {
    type ConnectInfo = ();
    fn connect_info(&self) {}
}

impl Connection {
    /// One read of the port into `buffered`; nothing there afterwards means that the connection is over.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut buffer = [0; READ_SIZE];
        loop {
            let mut guard = ready!(self.port.file.poll_read_ready(context))?;
            match guard.try_io(|file| file.get_ref().read(&mut buffer)) {
                Ok(Ok(count)) if buffer[..count].starts_with(PREFACE) => {
                    *self.port.next.lock().expect("channel lock") = Some(buffer[..count].to_vec());
                    self.over = true;
                    return Poll::Ready(Ok(()));
                }
                Ok(Ok(0)) => {
                    self.over = true;
                    return Poll::Ready(Ok(()));
                }
                Ok(Ok(count)) => {
                    self.buffered.extend(&buffer[..count]);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => continue,
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, target: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.buffered.is_empty() && !self.over {
            ready!(self.poll_fill(context))?;
        }
        let (front, _) = self.buffered.as_slices();
        let count = front.len().min(target.remaining());
        target.put_slice(&front[..count]);
        self.buffered.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            if self.over {
                // A farewell of this connection would be taken for the beginning of the next.
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let mut guard = ready!(self.port.file.poll_write_ready(context))?;
            match guard.try_io(|file| file.get_ref().write(data)) {
                Ok(result) => return Poll::Ready(result),
                // A port without a host end never becomes writable and stays "ready": that would spin.
                Err(_would_block) if hung_up(self.port.file.get_ref()) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                Err(_would_block) => continue,
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
