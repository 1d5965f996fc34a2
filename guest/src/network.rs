//! The machine's network: loopback, and one interface with a routed address whose gateway answers for everything.

use std::ffi::CString;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use anyhow::{Context, Result, bail};

use crate::protocol::NetworkInterface;

/// Brings loopback up. Needed by every pod, also one without a network.
pub fn loopback() -> Result<()> {
    let socket = Control::open()?;
    socket.up("lo").context("bring loopback up")
}

/// Gives the interface with that MAC its address and routes. Setting the same again is no error.
pub fn configure(interface: &NetworkInterface) -> Result<()> {
    let name = find(&interface.mac)?;
    let address: Ipv4Addr = interface.address.parse().with_context(|| format!("address '{}'", interface.address))?;
    let gateway: Ipv4Addr = interface.gateway.parse().with_context(|| format!("gateway '{}'", interface.gateway))?;
    if !(1..=32).contains(&interface.prefix_length) {
        bail!("prefix length {} is not within 1..32", interface.prefix_length);
    }
    let mask = Ipv4Addr::from(u32::MAX << (32 - interface.prefix_length));
    let socket = Control::open()?;
    if interface.mtu > 0 {
        socket.mtu(&name, interface.mtu).context("set the MTU")?;
    }
    socket.address(&name, libc::SIOCSIFADDR, address).context("set the address")?;
    socket.address(&name, libc::SIOCSIFNETMASK, mask).context("set the netmask")?;
    socket.up(&name).context("bring the interface up")?;
    if u32::from(address) & u32::from(mask) != u32::from(gateway) & u32::from(mask) {
        socket.route(&name, gateway, Ipv4Addr::BROADCAST, None).context("add the route to the gateway")?;
    }
    socket.route(&name, Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED, Some(gateway)).context("add the default route")
}

/// Fargate pods have IPv4 here; an IPv6 link-local address would only be a way around the router's rules.
pub fn disable_ipv6() {
    for scope in ["all", "default"] {
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"), "1");
    }
    // Loopback keeps ::1: programs bind to it.
    let _ = fs::write("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "0");
}

fn find(mac: &str) -> Result<String> {
    for entry in fs::read_dir("/sys/class/net")?.flatten() {
        let address = fs::read_to_string(entry.path().join("address")).unwrap_or_default();
        if address.trim_end().eq_ignore_ascii_case(mac) {
            return Ok(entry.file_name().to_string_lossy().into_owned());
        }
    }
    bail!("no interface has the MAC {mac}")
}

/// The socket that interface requests go through.
struct Control(OwnedFd);

impl Control {
    fn open() -> io::Result<Self> {
        // SAFETY: a plain system call; the descriptor is owned at once.
        let raw = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, owned by nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(raw) }))
    }

    fn up(&self, name: &str) -> io::Result<()> {
        let mut request = request(name);
        self.ioctl(libc::SIOCGIFFLAGS, &raw mut request)?;
        // SAFETY: SIOCGIFFLAGS filled this member of the union.
        unsafe { request.ifr_ifru.ifru_flags |= (libc::IFF_UP | libc::IFF_RUNNING) as i16 };
        self.ioctl(libc::SIOCSIFFLAGS, &raw mut request)
    }

    fn mtu(&self, name: &str, mtu: u32) -> io::Result<()> {
        let mut request = request(name);
        request.ifr_ifru.ifru_mtu = mtu as i32;
        self.ioctl(libc::SIOCSIFMTU, &raw mut request)
    }

    fn address(&self, name: &str, operation: u64, address: Ipv4Addr) -> io::Result<()> {
        let mut request = request(name);
        request.ifr_ifru.ifru_addr = socket_address(address);
        self.ioctl(operation, &raw mut request)
    }

    fn route(&self, name: &str, destination: Ipv4Addr, mask: Ipv4Addr, gateway: Option<Ipv4Addr>) -> io::Result<()> {
        let device = CString::new(name)?;
        // SAFETY: all-zero is a valid rtentry.
        let mut entry: libc::rtentry = unsafe { std::mem::zeroed() };
        entry.rt_dst = socket_address(destination);
        entry.rt_genmask = socket_address(mask);
        entry.rt_flags = libc::RTF_UP;
        entry.rt_dev = device.as_ptr().cast_mut();
        match gateway {
            Some(gateway) => {
                entry.rt_gateway = socket_address(gateway);
                entry.rt_flags |= libc::RTF_GATEWAY;
            }
            None => entry.rt_flags |= libc::RTF_HOST,
        }
        match self.ioctl(libc::SIOCADDRT, &raw mut entry) {
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(()),
            result => result,
        }
    }

    fn ioctl<T>(&self, operation: u64, argument: *mut T) -> io::Result<()> {
        // SAFETY: each caller passes the structure that its operation takes.
        let result = unsafe { libc::ioctl(self.0.as_raw_fd(), operation as libc::Ioctl, argument) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

fn request(name: &str) -> libc::ifreq {
    // SAFETY: all-zero is a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (target, byte) in request.ifr_name.iter_mut().take(libc::IFNAMSIZ - 1).zip(name.bytes()) {
        *target = byte as libc::c_char;
    }
    request
}

fn socket_address(address: Ipv4Addr) -> libc::sockaddr {
    let internet = libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.octets()) },
        sin_zero: [0; 8],
    };
    // SAFETY: both are 16 bytes of plain data, and the kernel reads a sockaddr_in by its family.
    unsafe { std::mem::transmute::<libc::sockaddr_in, libc::sockaddr>(internet) }
}
