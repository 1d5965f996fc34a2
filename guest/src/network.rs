//! The machine's network: loopback, and one interface with a routed address whose gateway answers for everything.

use std::ffi::CString;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};

use crate::protocol::NetworkInterface;

/// Brings loopback up. Needed by every pod, also one without a network.
pub fn loopback() -> Result<()> {
    let socket = Control::open()?;
    socket.up("lo").context("bring loopback up")
}

/// Gives the machine's interface its MAC, address and routes. Setting the same again is no error.
pub fn configure(interface: &NetworkInterface) -> Result<()> {
    let found = find(Path::new("/sys/class/net"), &interface.mac)?;
    let address: Ipv4Addr = interface.address.parse().with_context(|| format!("address '{}'", interface.address))?;
    let gateway: Ipv4Addr = interface.gateway.parse().with_context(|| format!("gateway '{}'", interface.gateway))?;
    if !(1..=32).contains(&interface.prefix_length) {
        bail!("prefix length {} is not within 1..32", interface.prefix_length);
    }
    let mask = Ipv4Addr::from(u32::MAX << (32 - interface.prefix_length));
    let socket = Control::open()?;
    let Interface { name, named } = found;
    if !named {
        socket.hardware_address(&name, hardware_address(&interface.mac)?).context("set the MAC")?;
    }
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

/// The interface with that MAC; else the only one that is a device. A cloned machine has its template's MAC, and takes its own here.
fn find(interfaces: &Path, mac: &str) -> Result<Interface> {
    let mut devices = Vec::new();
    for entry in fs::read_dir(interfaces)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let address = fs::read_to_string(entry.path().join("address")).unwrap_or_default();
        if address.trim_end().eq_ignore_ascii_case(mac) {
            return Ok(Interface { name, named: true });
        }
        if entry.path().join("device").exists() {
            devices.push(name);
        }
    }
    match <[String; 1]>::try_from(devices) {
        Ok([name]) => Ok(Interface { name, named: false }),
        Err(devices) => bail!("no interface has the MAC {mac}, and {} are devices", devices.len()),
    }
}

#[derive(Debug, PartialEq)]
struct Interface {
    name: String,
    /// Whether it has the MAC already.
    named: bool,
}

/// Six bytes in hexadecimal, by colons.
fn hardware_address(mac: &str) -> Result<[u8; 6]> {
    let bytes: Vec<u8> =
        mac.split(':').map(|byte| u8::from_str_radix(byte, 16)).collect::<Result<_, _>>().with_context(|| format!("MAC '{mac}'"))?;
    <[u8; 6]>::try_from(bytes).map_err(|bytes| anyhow!("MAC '{mac}': {} bytes", bytes.len()))
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

    fn hardware_address(&self, name: &str, address: [u8; 6]) -> io::Result<()> {
        let mut request = request(name);
        let mut target = libc::sockaddr { sa_family: libc::ARPHRD_ETHER, sa_data: [0; 14] };
        for (to, byte) in target.sa_data.iter_mut().zip(address) {
            *to = byte as libc::c_char;
        }
        request.ifr_ifru.ifru_hwaddr = target;
        self.ioctl(libc::SIOCSIFHWADDR, &raw mut request)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn interfaces(links: &[(&str, &str, bool)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, mac, device) in links {
            let link = folder.path().join(name);
            fs::create_dir_all(if *device { link.join("device") } else { link.clone() }).unwrap();
            fs::write(link.join("address"), format!("{mac}\n")).unwrap();
        }
        folder
    }

    #[test]
    fn finds_the_interface_by_its_mac_or_as_the_only_device() {
        let lo = ("lo", "00:00:00:00:00:00", false);
        let own = interfaces(&[lo, ("eth0", "02:00:00:00:00:01", true), ("eth1", "02:00:00:00:00:02", true)]);
        assert_eq!(find(own.path(), "02:00:00:00:00:02").unwrap(), Interface { name: "eth1".into(), named: true });
        assert!(find(own.path(), "02:00:00:00:00:03").is_err());
        let template = interfaces(&[lo, ("eth0", "02:00:00:00:00:01", true)]);
        assert_eq!(find(template.path(), "02:00:00:00:00:03").unwrap(), Interface { name: "eth0".into(), named: false });
        assert!(find(interfaces(&[lo]).path(), "02:00:00:00:00:03").is_err());
    }

    #[test]
    fn reads_macs() {
        assert_eq!(hardware_address("02:00:0a:ff:00:01").unwrap(), [2, 0, 10, 255, 0, 1]);
        for wrong in ["", "02:00:0a:ff:00", "02:00:0a:ff:00:01:02", "02:00:0a:ff:00:xx"] {
            assert!(hardware_address(wrong).is_err(), "{wrong}");
        }
    }
}
