//! The process between the guest and a program: this binary, started again and single-threaded, so that it may change namespaces
//! and identity step by step. It forks once into its process namespace; the first process ends, the second becomes the program.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use anyhow::Context;
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::unistd::{ForkResult, fork, setsid};

use super::control::Control;
use super::identity::{self, Identity};
use super::spec::{Failure, FailureKind, Place, ProcessSpec, Report};
use super::{pause, root, seccomp, users};

/// First argument of the binary when it is to be this.
pub const NAME: &str = "monopod-start";

/// Never returns to the guest's own code.
pub fn main(arguments: &[String]) -> ! {
    let mut numbers = arguments.iter().map(|text| text.parse().expect("descriptor number"));
    let (control, spec) = (numbers.next().expect("control"), numbers.next().expect("spec"));
    // SAFETY: the guest passed them on to us alone.
    let (control, spec) = unsafe { (Control::inherited(control), File::from_raw_fd(spec)) };
    // SAFETY: as above.
    let filter = numbers.next().map(|filter| unsafe { File::from_raw_fd(filter) });
    let failure = match start(&control, spec, filter) {
        Ok(never) => match never {},
        Err(failure) => failure,
    };
    let _ = control.report(&Report::Failed(failure), None);
    std::process::exit(1)
}

enum Never {}

fn start(control: &Control, mut spec: File, filter: Option<File>) -> Result<Never, Failure> {
    // No process inside the container may look into this one while it still has the guest's rights.
    nix::sys::prctl::set_dumpable(false)?;
    let mut text = String::new();
    spec.read_to_string(&mut text)?;
    drop(spec);
    let spec: ProcessSpec = serde_json::from_str(&text).context("read the process specification")?;

    // Before the namespaces change, as these files are found by the guest's names.
    let users = spec.users.as_ref().map(File::open).transpose().context("open the pod's user namespace")?;
    fs::write(spec.cgroup.join("cgroup.procs"), "0").context("join the cgroup")?;
    fs::write("/proc/self/oom_score_adj", spec.limits.oom_score_adj.to_string()).context("set oom_score_adj")?;
    enter_namespaces(&spec.place)?;

    // SAFETY: this process has one thread.
    if let ForkResult::Parent { child } = unsafe { fork() }? {
        control.report(&Report::Pid(child.as_raw()), None)?;
        std::process::exit(0);
    }
    control.wait_for_go()?;
    setsid()?;
    forget_signals()?;
    become_program(control, &spec, users, filter)
}

fn enter_namespaces(place: &Place) -> Result<(), Failure> {
    match place {
        Place::New(root) => {
            let mut flags = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWCGROUP;
            match root.process_namespace_of {
                Some(pid) => setns(pidfd(pid)?, CloneFlags::CLONE_NEWPID).context("join the pod's process namespace")?,
                None => flags |= CloneFlags::CLONE_NEWPID,
            }
            if root.hostname.is_some() {
                flags |= CloneFlags::CLONE_NEWUTS;
            }
            unshare(flags).context("make namespaces")?;
        }
        Place::Beside(pid) => {
            let flags = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWCGROUP | CloneFlags::CLONE_NEWUTS;
            setns(pidfd(*pid)?, flags).context("enter the container's namespaces")?;
        }
        Place::Pause => unshare(CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS).context("make a process namespace")?,
    }
    Ok(())
}

fn pidfd(pid: i32) -> Result<OwnedFd, Failure> {
    // SAFETY: a plain system call.
    let raw = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if raw < 0 {
        return Err(Failure::new(FailureKind::Processes, format!("the container does not run: {}", Errno::last().desc())));
    }
    // SAFETY: just opened.
    Ok(unsafe { OwnedFd::from_raw_fd(raw as i32) })
}

/// The program starts with default handlers and no blocked signal; Rust's runtime ignores SIGPIPE.
fn forget_signals() -> Result<(), Failure> {
    for one in Signal::iterator() {
        if !matches!(one, Signal::SIGKILL | Signal::SIGSTOP) {
            // SAFETY: sets no handler of ours.
            unsafe { signal(one, SigHandler::SigDfl) }?;
        }
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    Ok(())
}

fn become_program(control: &Control, spec: &ProcessSpec, users: Option<File>, filter: Option<File>) -> Result<Never, Failure> {
    match &spec.place {
        Place::New(root) => {
            root::enter(root)?;
            // While the root can still be written.
            make_working_directory(spec)?;
            root::seal(root)?;
        }
        Place::Beside(_) => {}
        Place::Pause => pause::become_it()?,
    }
    let identity = Identity::resolve(&spec.user)?;
    if users.is_some() {
        users::check(&identity)?;
    }
    control.report(&Report::Identity { uid: identity.uid, gid: identity.gid, groups: identity.groups.clone() }, None)?;
    if let Some(size) = spec.tty {
        let (master, slave) = super::terminal::open(size).context("open a terminal")?;
        control.report(&Report::Terminal, Some(master.as_raw_fd()))?;
        super::terminal::take(&slave).context("take the terminal")?;
        if matches!(spec.place, Place::New(_)) {
            root::make_console(&slave).context("make /dev/console")?;
        }
    }
    identity::own_standard_streams(&identity);
    identity::set_limits(&spec.limits).context("set limits")?;
    let entered = enter_working_directory(spec);
    let environment = complete_environment(spec, &identity);
    let filter = match filter {
        Some(file) => Some(seccomp::Program::read(&file).context("read the seccomp filter")?),
        None => seccomp::compiled(&spec.security)?,
    };
    if let Some(namespace) = users {
        // Everything up to here may need the machine's root: mounts, limits that rise, the owner of pipes.
        users::enter(&namespace)?;
    }
    identity::drop_capabilities(&spec.security.capabilities)?;
    if !spec.security.no_new_privileges
        && let Some(filter) = &filter
    {
        // Without no_new_privs only a privileged process may load a filter, so before the identity changes.
        filter.load().context("load the seccomp filter")?;
    }
    identity.take()?;
    if entered.is_err() {
        enter_working_directory(spec)?;
    }
    let program = find_program(&spec.args[0], &environment)?;
    if spec.security.no_new_privileges {
        nix::sys::prctl::set_no_new_privs()?;
        if let Some(filter) = &filter {
            filter.load().context("load the seccomp filter")?;
        }
    }
    execute(&program, spec, &environment)
}

fn make_working_directory(spec: &ProcessSpec) -> Result<(), Failure> {
    fs::create_dir_all(&spec.working_directory).map_err(|error| {
        Failure::new(FailureKind::WorkingDirectory, format!("create the working directory {}: {error}", spec.working_directory))
    })
}

/// Tried by root first, then by the user, as runc does: an image may have one that its user can't enter, and a server one that only its
/// user can.
fn enter_working_directory(spec: &ProcessSpec) -> Result<(), Failure> {
    std::env::set_current_dir(&spec.working_directory)
        .map_err(|error| Failure::new(FailureKind::WorkingDirectory, format!("chdir to cwd ({:?}): {error}", spec.working_directory)))
}

fn complete_environment(spec: &ProcessSpec, identity: &Identity) -> Vec<(String, String)> {
    let mut environment = spec.environment.clone();
    let mut default = |name: &str, value: String| {
        if !environment.iter().any(|(known, _)| known == name) {
            environment.push((name.to_owned(), value));
        }
    };
    default("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    default("HOME", identity.home.clone());
    if let Ok(name) = nix::unistd::gethostname() {
        default("HOSTNAME", name.to_string_lossy().into_owned());
    }
    if spec.tty.is_some() {
        default("TERM", "xterm".to_owned());
    }
    environment
}

fn find_program(name: &str, environment: &[(String, String)]) -> Result<String, Failure> {
    let quoted = format!("exec: {name:?}");
    if name.contains('/') {
        return match fs::metadata(name) {
            Err(error) if error.raw_os_error() == Some(libc::EACCES) => {
                Err(Failure::new(FailureKind::NotExecutable, format!("{quoted}: permission denied")))
            }
            Err(_) => Err(Failure::new(FailureKind::NoSuchProgram, format!("{quoted}: stat {name}: no such file or directory"))),
            Ok(data) if data.is_dir() => Err(Failure::new(FailureKind::NotExecutable, format!("{quoted}: is a directory"))),
            Ok(_) if !executable(name) => Err(Failure::new(FailureKind::NotExecutable, format!("{quoted}: permission denied"))),
            Ok(_) => Ok(name.to_owned()),
        };
    }
    let path = environment.iter().rev().find(|(known, _)| known == "PATH").map_or("", |(_, value)| value.as_str());
    for folder in path.split(':') {
        let candidate = format!("{}/{name}", if folder.is_empty() { "." } else { folder });
        if Path::new(&candidate).is_file() && executable(&candidate) {
            return Ok(candidate);
        }
    }
    Err(Failure::new(FailureKind::NoSuchProgram, format!("{quoted}: executable file not found in $PATH")))
}

fn executable(path: &str) -> bool {
    nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok()
}

fn execute(program: &str, spec: &ProcessSpec, environment: &[(String, String)]) -> Result<Never, Failure> {
    let text = |value: &str| CString::new(value).map_err(|_| Failure::new(FailureKind::Request, "an argument or variable contains NUL"));
    let path = text(program)?;
    let arguments = spec.args.iter().map(|value| text(value)).collect::<Result<Vec<_>, _>>()?;
    let variables = environment.iter().map(|(name, value)| text(&format!("{name}={value}"))).collect::<Result<Vec<_>, _>>()?;
    // SAFETY: no descriptor of ours is used after the program runs; on failure they stay open.
    unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    let Err(error) = nix::unistd::execve(&path, &arguments, &variables);
    let kind = if error == Errno::ENOENT { FailureKind::NoSuchProgram } else { FailureKind::NotExecutable };
    Err(Failure::new(kind, format!("exec {program}: {}", error.desc().to_lowercase())))
}
