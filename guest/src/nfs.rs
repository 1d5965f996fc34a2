//! Volumes on NFS servers, mounted by the kernel's client. The system call waits for the server, so it is made by a process of its
//! own that can be killed: a server that does not answer must not hold anything else up.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::oneshot;

use crate::protocol::NetworkFileSystem;
use crate::reaper::{Exit, Reaper};
use crate::{boot, disks, volumes};

/// First argument of the binary when it is to mount.
pub const NAME: &str = "monopod-mount-nfs";

/// Less than the schema's 30 s, so that the agent hears why.
const LIMIT: Duration = Duration::from_secs(20);
const PORT: u16 = 2049;

/// Newest first, as mount.nfs tries them.
const VERSIONS: [&str; 4] = ["4.2", "4.1", "4.0", "3"];

/// Volumes whose mount is being tried.
static UNDER_WAY: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Why a volume is not mounted.
#[derive(Debug)]
pub enum Error {
    Volume(volumes::Error),
    UnderWay,
    GivenUp,
    /// The server's or the kernel's answer; another try may do better.
    Refused(String),
    Failed(anyhow::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Volume(error) => error.fmt(formatter),
            Self::UnderWay => formatter.write_str("the mount is still being tried"),
            Self::GivenUp => formatter.write_str("the mount was given up"),
            Self::Refused(why) => formatter.write_str(why),
            Self::Failed(error) => write!(formatter, "{error:#}"),
        }
    }
}

/// Mounts the volume unless it is; answers within the limit.
pub async fn provide(reaper: &Reaper, name: &str, system: &NetworkFileSystem) -> Result<(), Error> {
    volumes::check_name(name).map_err(Error::Volume)?;
    if volumes::path(name).is_ok() {
        return Ok(());
    }
    if !UNDER_WAY.lock().expect("lock").insert(name.to_owned()) {
        return Err(Error::UnderWay);
    }
    let (sender, receiver) = oneshot::channel();
    // Goes on when the agent stops waiting: what is begun must come to an end that is known.
    tokio::spawn(attempt(reaper.clone(), name.to_owned(), system.clone(), sender));
    receiver.await.unwrap_or_else(|_| Err(Error::GivenUp))
}

async fn attempt(reaper: Reaper, name: String, system: NetworkFileSystem, answer: oneshot::Sender<Result<(), Error>>) {
    let target = volumes::place_in_memory(&name);
    let begun = {
        let (target, system) = (target.clone(), system.clone());
        tokio::task::spawn_blocking(move || begin(&reaper, &target, &system)).await
    };
    match begun.map_err(anyhow::Error::from).flatten() {
        Err(error) => {
            let _ = answer.send(Err(Error::Failed(error)));
        }
        Ok((pid, mut exit)) => match tokio::time::timeout(LIMIT, &mut exit).await {
            Ok(exit) => {
                let result = judge(exit.unwrap_or(Exit { code: libc::EIO, signal: 0 }), &system);
                if result.is_ok() {
                    volumes::add_mounted(&name, target);
                }
                let _ = answer.send(result);
            }
            Err(_) => {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                let _ = answer.send(Err(Error::Refused(told(&system, "the server does not answer"))));
                let _ = exit.await;
            }
        },
    }
    UNDER_WAY.lock().expect("lock").remove(&name);
}

fn begin(reaper: &Reaper, target: &Path, system: &NetworkFileSystem) -> Result<(i32, oneshot::Receiver<Exit>)> {
    ensure!(system.path.starts_with('/'), "the path {:?} is not absolute", system.path);
    let address: Ipv4Addr = system.address.parse().with_context(|| format!("address {:?}", system.address))?;
    boot::load_modules(&disks::mount_image(system.modules_disk_slot)?)?;
    fs::create_dir_all(target)?;
    let mut command = Command::new("/proc/self/exe");
    command.arg0(NAME).arg(target).arg(format!("{}:{}", system.server, system.path)).arg(address.to_string());
    command.args(system.read_only.then_some("ro")).args(&system.options);
    command.env_clear().stdin(Stdio::null());
    let (child, exit) = reaper.spawn(&mut command).context("start the mount")?;
    Ok((child.id() as i32, exit))
}

fn judge(exit: Exit, system: &NetworkFileSystem) -> Result<(), Error> {
    let errno = Errno::from_raw(exit.code);
    let why = match errno {
        _ if exit.code == 0 => return Ok(()),
        _ if exit.signal != 0 => "it was ended by a signal".to_owned(),
        Errno::EACCES | Errno::EPERM => "access denied by server".to_owned(),
        Errno::EPROTONOSUPPORT => "requested NFS version or transport protocol is not supported".to_owned(),
        Errno::EINVAL => "an incorrect mount option was specified".to_owned(),
        Errno::ENOENT => "reason given by server: No such file or directory".to_owned(),
        errno => errno.desc().to_owned(),
    };
    Err(Error::Refused(told(system, &why)))
}

fn told(system: &NetworkFileSystem, why: &str) -> String {
    format!("mount of NFS {}:{} failed: {why}", system.server, system.path)
}

/// The process that mounts: its exit status is the error number.
pub fn main(arguments: &[String]) -> ! {
    let [target, source, address, options @ ..] = arguments else { std::process::exit(libc::EINVAL) };
    std::process::exit(match try_versions(Path::new(target), source, address, options) {
        Ok(()) => 0,
        Err(error) => error as i32,
    })
}

fn try_versions(target: &Path, source: &str, address: &str, options: &[String]) -> Result<(), Errno> {
    let options = Options::parse(options);
    let mut result = Err(Errno::EPROTONOSUPPORT);
    for version in &options.versions {
        let kind = if *version == "3" { "nfs" } else { "nfs4" };
        let data = options.data(version, address, local_address(address));
        result = mount(Some(source), target, Some(kind), options.flags, Some(data.as_str()));
        match result {
            // How a kernel or server says that it does not know the version.
            Err(Errno::EPROTONOSUPPORT | Errno::EINVAL) => {}
            _ => break,
        }
    }
    result
}

/// The address that the server sees, which NFS 4.0 has to tell it.
fn local_address(server: &str) -> Option<String> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((server, PORT)).ok()?;
    Some(socket.local_addr().ok()?.ip().to_string())
}

/// What `mountOptions` of a PersistentVolume mean: flags, versions to try, and what the kernel's client itself understands.
#[derive(Debug)]
struct Options {
    flags: MsFlags,
    versions: Vec<&'static str>,
    rest: Vec<String>,
}

impl Options {
    fn parse(words: &[String]) -> Self {
        // A device node of the server's would be one of this machine.
        let mut options = Self { flags: MsFlags::MS_NODEV, versions: VERSIONS.to_vec(), rest: Vec::new() };
        let mut version = String::new();
        for word in words.iter().flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
            match (word.split_once('='), flag(word)) {
                (_, Some((flag, set))) => options.flags.set(flag, set),
                (Some(("vers" | "nfsvers", value)), _) => version = value.to_owned(),
                (Some(("minorversion", value)), _) => version = format!("4.{value}"),
                _ if of_mount_itself(word) => {}
                _ => options.rest.push(word.to_owned()),
            }
        }
        if !version.is_empty() {
            options.versions.retain(|known| *known == version || (version == "4" && known.starts_with("4.")));
        }
        options
    }

    fn data(&self, version: &str, address: &str, local: Option<String>) -> String {
        let mut words = vec![format!("vers={version}"), format!("addr={address}")];
        if version == "3" {
            // The daemon that locks of other machines need is not here.
            words.extend(["mountproto=tcp", "proto=tcp"].map(str::to_owned));
            if !self.rest.iter().any(|word| word == "nolock") {
                words.push("nolock".to_owned());
            }
        } else if let Some(local) = local {
            words.push(format!("clientaddr={local}"));
        }
        words.extend(self.rest.iter().filter(|word| word.as_str() != "lock").cloned());
        words.join(",")
    }
}

/// Words that stand for a flag of mount(2).
fn flag(word: &str) -> Option<(MsFlags, bool)> {
    Some(match word {
        "ro" => (MsFlags::MS_RDONLY, true),
        "nosuid" => (MsFlags::MS_NOSUID, true),
        "suid" => (MsFlags::MS_NOSUID, false),
        "noexec" => (MsFlags::MS_NOEXEC, true),
        "exec" => (MsFlags::MS_NOEXEC, false),
        "sync" => (MsFlags::MS_SYNCHRONOUS, true),
        "async" => (MsFlags::MS_SYNCHRONOUS, false),
        "dirsync" => (MsFlags::MS_DIRSYNC, true),
        "noatime" => (MsFlags::MS_NOATIME, true),
        "atime" => (MsFlags::MS_NOATIME, false),
        "nodiratime" => (MsFlags::MS_NODIRATIME, true),
        "diratime" => (MsFlags::MS_NODIRATIME, false),
        "relatime" => (MsFlags::MS_RELATIME, true),
        "norelatime" => (MsFlags::MS_RELATIME, false),
        "strictatime" => (MsFlags::MS_STRICTATIME, true),
        _ => return None,
    })
}

/// Words for mount(8) or for the table of file systems, which no kernel knows. `rw` and `nodev` are so already.
fn of_mount_itself(word: &str) -> bool {
    const WORDS: [&str; 15] =
        ["rw", "defaults", "dev", "nodev", "auto", "noauto", "user", "nouser", "users", "owner", "group", "_netdev", "nofail", "bg", "fg"];
    WORDS.contains(&word) || ["x-", "comment=", "retry="].iter().any(|prefix| word.starts_with(prefix))
}

/// What a fuzzer holds for true of any options.
#[cfg(fuzzing)]
pub fn try_options(words: &[String]) {
    let options = Options::parse(words);
    assert!(options.flags.contains(MsFlags::MS_NODEV), "{words:?}");
    for version in &options.versions {
        assert!(options.data(version, "10.0.0.1", None).starts_with(&format!("vers={version},addr=10.0.0.1")), "{words:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Options {
        Options::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn tries_every_version_unless_told() {
        assert_eq!(parse(&[]).versions, VERSIONS);
        assert_eq!(parse(&["nfsvers=4"]).versions, ["4.2", "4.1", "4.0"]);
        assert_eq!(parse(&["vers=4.1"]).versions, ["4.1"]);
        assert_eq!(parse(&["nfsvers=3,ro"]).versions, ["3"]);
        assert_eq!(parse(&["vers=4", "minorversion=1"]).versions, ["4.1"]);
        assert!(parse(&["vers=2"]).versions.is_empty());
    }

    #[test]
    fn tells_flags_from_what_the_kernels_client_takes() {
        let options = parse(&["ro", "hard", "noatime,timeo=600", "_netdev", "defaults", "suid", "dev", "x-systemd.automount"]);
        assert_eq!(options.flags, MsFlags::MS_NODEV | MsFlags::MS_RDONLY | MsFlags::MS_NOATIME);
        assert_eq!(options.rest, ["hard", "timeo=600"]);
        assert_eq!(
            options.data("4.1", "10.0.0.9", Some("10.0.0.2".to_owned())),
            "vers=4.1,addr=10.0.0.9,clientaddr=10.0.0.2,hard,timeo=600"
        );
    }

    #[test]
    fn keeps_locks_of_version_3_to_the_machine() {
        assert_eq!(
            parse(&["lock", "rsize=8192"]).data("3", "10.0.0.9", None),
            "vers=3,addr=10.0.0.9,mountproto=tcp,proto=tcp,nolock,rsize=8192"
        );
    }
}
