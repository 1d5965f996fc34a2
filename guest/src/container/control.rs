//! The socket between the guest and a process that is about to become a program.
//! It closes on exec: its end without a failure is the news that the program runs.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};

use super::spec::Report;

const REPORT_LIMIT: usize = 8 << 10;

pub struct Control(OwnedFd);

impl Control {
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        Ok((Self(one), Self(other)))
    }

    /// Takes the descriptor that the starting process was given.
    ///
    /// # Safety
    /// Nobody else may own it.
    pub unsafe fn inherited(raw: RawFd) -> Self {
        // SAFETY: promised by the caller.
        Self(unsafe { OwnedFd::from_raw_fd(raw) })
    }

    pub fn raw(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    pub fn report(&self, report: &Report, descriptor: Option<RawFd>) -> io::Result<()> {
        let text = serde_json::to_vec(report)?;
        let descriptors: Vec<RawFd> = descriptor.into_iter().collect();
        let rights = [ControlMessage::ScmRights(&descriptors)];
        let attached = if descriptors.is_empty() { &[][..] } else { &rights[..] };
        sendmsg::<UnixAddr>(self.raw(), &[IoSlice::new(&text)], attached, MsgFlags::MSG_NOSIGNAL, None)?;
        Ok(())
    }

    /// The next report; nothing once the other end is closed.
    pub fn receive(&self) -> io::Result<Option<(Report, Option<OwnedFd>)>> {
        let mut buffer = [0; REPORT_LIMIT];
        let mut space = nix::cmsg_space!([RawFd; 1]);
        let (count, descriptor) = loop {
            let mut target = [IoSliceMut::new(&mut buffer)];
            match recvmsg::<UnixAddr>(self.raw(), &mut target, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC) {
                Ok(message) => break (message.bytes, first_descriptor(message.cmsgs()?)),
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
        };
        if count == 0 {
            return Ok(None);
        }
        Ok(Some((serde_json::from_slice(&buffer[..count])?, descriptor)))
    }

    /// Lets the process go on, now that its pid is known.
    pub fn go(&self) -> io::Result<()> {
        nix::sys::socket::send(self.raw(), b"g", MsgFlags::MSG_NOSIGNAL)?;
        Ok(())
    }

    pub fn wait_for_go(&self) -> io::Result<()> {
        let mut byte = [0];
        match nix::sys::socket::recv(self.raw(), &mut byte, MsgFlags::empty())? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn first_descriptor(messages: nix::sys::socket::CmsgIterator) -> Option<OwnedFd> {
    for message in messages {
        if let ControlMessageOwned::ScmRights(descriptors) = message {
            // SAFETY: the kernel has just made them for us.
            let mut owned = descriptors.into_iter().map(|raw| unsafe { OwnedFd::from_raw_fd(raw) });
            return owned.next();
        }
    }
    None
}
