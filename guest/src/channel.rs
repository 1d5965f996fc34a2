//! The channel to the agent: one virtio-serial port, one connection at a time, reopened whenever the agent comes back.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tonic::transport::server::Connected;

const PORT_NAME: &str = "dev.monopod.guest";
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The next connection of the agent, and what tells when it has ended. Waits as long as it takes.
pub async fn accept() -> (Port, oneshot::Receiver<()>) {
    loop {
        match open().await {
            Ok(connection) => return connection,
            Err(_) => tokio::time::sleep(POLL_INTERVAL).await,
        }
    }
}

async fn open() -> io::Result<(Port, oneshot::Receiver<()>)> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = find_port().ok_or(io::ErrorKind::NotFound)?;
    let file = fs::OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    while hung_up(&file) {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    let (ended, receiver) = oneshot::channel();
    Ok((Port { file: AsyncFd::new(file)?, _ended: ended }, receiver))
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

/// One connection. Closing it drops `_ended`, which wakes whoever waits to serve the next.
pub struct Port {
    file: AsyncFd<fs::File>,
    _ended: oneshot::Sender<()>,
}

impl Connected for Port {
    type ConnectInfo = ();
    fn connect_info(&self) {}
}

impl AsyncRead for Port {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.file.poll_read_ready(context))?;
            match guard.try_io(|file| file.get_ref().read(buffer.initialize_unfilled())) {
                Ok(Ok(count)) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => continue,
            }
        }
    }
}

impl AsyncWrite for Port {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.file.poll_write_ready(context))?;
            match guard.try_io(|file| file.get_ref().write(data)) {
                Ok(result) => return Poll::Ready(result),
                // A port without a host end never becomes writable and stays "ready": that would spin.
                Err(_would_block) if hung_up(self.file.get_ref()) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
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

impl std::fmt::Debug for Port {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Port({})", self.file.get_ref().as_raw_fd())
    }
}
