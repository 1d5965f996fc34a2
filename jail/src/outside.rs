//! What the program uses of the world outside of its jail, as descriptors that were opened before.

use crate::Told;
use crate::plan::{Plan, Tap};
use nix::fcntl::{FcntlArg, fcntl};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::{Mode, umask};
use std::fs::{File, OpenOptions};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixListener;

/// Number of the first descriptor that a program is given.
const FIRST: RawFd = 3;

/// Where descriptors wait that shall not be in the way of those numbers.
const ASIDE: RawFd = 64;

/// Open descriptors, none of which a program inherits before it is placed.
pub struct Descriptors {
    input: OwnedFd,
    log: Option<OwnedFd>,
    given: Vec<OwnedFd>,
}

impl Descriptors {
    pub fn open(plan: &Plan) -> Result<Descriptors, String> {
        let input = aside(File::open("/dev/null").told("cannot open /dev/null")?)?;
        let log = match &plan.log {
            Some(path) => {
                let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
                Some(aside(file.told(format_args!("cannot open {}", path.display()))?)?)
            }
            None => None,
        };
        let mut given = Vec::new();
        let mask = umask(Mode::from_bits_truncate(0o177));
        for path in &plan.sockets {
            given.push(aside(UnixListener::bind(path).told(format_args!("cannot listen at {}", path.display()))?)?);
        }
        umask(mask);
        if let Some(Tap { namespace: Some(namespace), name }) = &plan.tap {
            let file = File::open(namespace).told(format_args!("cannot open {}", namespace.display()))?;
            setns(&file, CloneFlags::CLONE_NEWNET).told(format_args!("cannot enter {}", namespace.display()))?;
            given.push(aside(open_tap(name)?)?);
        }
        Ok(Descriptors { input, log, given })
    }

    /// The rest, once the caller is in a network namespace of its own.
    pub fn open_apart(&mut self, plan: &Plan) -> Result<(), String> {
        if let Some(Tap { namespace: None, name }) = &plan.tap {
            self.given.push(aside(open_tap(name)?)?);
        }
        for path in &plan.opened {
            let file = OpenOptions::new().read(true).write(true).open(path).told(format_args!("cannot open {}", path.display()))?;
            self.given.push(aside(file)?);
        }
        Ok(())
    }

    /// Gives them their numbers. The program inherits nothing else.
    pub fn place(self) -> Result<(), String> {
        // Whatever else is open ends with the exec.
        let code = unsafe { libc::close_range(FIRST as u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_int) };
        if code != 0 {
            return Err(std::io::Error::last_os_error()).told("cannot close descriptors");
        }
        copy(&self.input, 0)?;
        if let Some(log) = &self.log {
            copy(log, 1)?;
            copy(log, 2)?;
        }
        for (number, descriptor) in (FIRST..ASIDE).zip(&self.given) {
            copy(descriptor, number)?;
        }
        Ok(())
    }
}

/// Moves a descriptor out of the way; no program inherits it.
pub fn aside(descriptor: impl Into<OwnedFd>) -> Result<OwnedFd, String> {
    let number = fcntl(descriptor.into(), FcntlArg::F_DUPFD_CLOEXEC(ASIDE)).told("cannot duplicate a descriptor")?;
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

fn copy(from: &OwnedFd, to: RawFd) -> Result<(), String> {
    match unsafe { libc::dup2(from.as_raw_fd(), to) } {
        -1 => Err(std::io::Error::last_os_error()).told(format_args!("cannot make descriptor {to}")),
        _ => Ok(()),
    }
}

nix::ioctl_write_int_bad!(
    /// `TUNSETIFF`: makes the open file that of an interface.
    attach,
    nix::request_code_write!(b'T', 202, size_of::<libc::c_int>())
);

/// Of the network namespace that the caller is in: only there its name means something.
fn open_tap(name: &str) -> Result<OwnedFd, String> {
    let file = OpenOptions::new().read(true).write(true).open("/dev/net/tun").told("cannot open /dev/net/tun")?;
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    let bytes = name.as_bytes();
    if bytes.len() >= request.ifr_name.len() {
        return Err(format!("--tap: {name} is longer than 15 bytes"));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(bytes) {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_TAP | libc::IFF_NO_PI | libc::IFF_VNET_HDR) as libc::c_short;
    let address: *mut libc::ifreq = &mut request;
    unsafe { attach(file.as_raw_fd(), address as _) }.told(format_args!("cannot open the tap {name}"))?;
    Ok(unsafe { OwnedFd::from_raw_fd(file.into_raw_fd()) })
}
