//! The system call filter of a process, compiled by libseccomp. That takes longer than all else of a start where the processor is
//! emulated, so the guest compiles the default once, and hands it to each process that starts.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use libseccomp::{ScmpAction, ScmpArch, ScmpArgCompare, ScmpCompareOp, ScmpFilterContext, ScmpSyscall};
use serde::Deserialize;

use super::in_memory::in_memory;
use super::seccomp_default::{ALLOWED, BY_CAPABILITY, PERSONALITIES};
use super::spec::{Failure, FailureKind, SeccompSpec, SecuritySpec};

/// AF_VSOCK would reach around the pod's network.
const AF_VSOCK: u64 = 40;
const CLONE_NAMESPACES: u64 = 0x7E02_0000;

/// Set of those capabilities that change the default filter.
type Keys = Vec<&'static str>;

static DEFAULTS: Mutex<Option<HashMap<Keys, Arc<File>>>> = Mutex::new(None);

/// Compiled, as the kernel takes it.
pub struct Program(Vec<u8>);

impl Program {
    fn of(filter: &ScmpFilterContext) -> Result<Self> {
        let mut file = in_memory(&[])?;
        filter.export_bpf(&mut file)?;
        Self::read(&file)
    }

    /// From the start of the file, whose position several processes share.
    pub fn read(file: &File) -> Result<Self> {
        let mut bytes = vec![0; usize::try_from(file.metadata()?.len())?];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(Self(bytes))
    }

    /// Holds for this process and what becomes of it.
    pub fn load(&self) -> std::io::Result<()> {
        let instructions: Vec<libc::sock_filter> = self
            .0
            .chunks_exact(size_of::<libc::sock_filter>())
            .map(|bytes| libc::sock_filter {
                code: u16::from_ne_bytes([bytes[0], bytes[1]]),
                jt: bytes[2],
                jf: bytes[3],
                k: u32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            })
            .collect();
        let program = libc::sock_fprog { len: instructions.len() as u16, filter: instructions.as_ptr().cast_mut() };
        // SAFETY: the kernel copies the program, which outlives the call.
        let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
        if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    }
}

/// Compiles what nearly every container needs before one asks for it.
pub fn prepare() -> Result<()> {
    default_of(&["CAP_SYS_CHROOT".to_owned()]).map(drop)
}

/// The default filter, if that is what the process gets. Compiled once.
pub fn prepared(security: &SecuritySpec) -> Result<Option<Arc<File>>> {
    match security.seccomp {
        SeccompSpec::RuntimeDefault => Ok(Some(default_of(&security.capabilities).context("seccomp")?)),
        SeccompSpec::Unconfined | SeccompSpec::Profile(_) => Ok(None),
    }
}

fn default_of(capabilities: &[String]) -> Result<Arc<File>> {
    let keys: Keys = BY_CAPABILITY.iter().map(|(name, _)| *name).filter(|name| capabilities.iter().any(|known| known == name)).collect();
    let mut defaults = DEFAULTS.lock().expect("seccomp lock");
    let defaults = defaults.get_or_insert_default();
    if let Some(known) = defaults.get(&keys) {
        return Ok(known.clone());
    }
    let Program(bytes) = Program::of(&runtime_default(&keys)?)?;
    let file = Arc::new(in_memory(&bytes)?);
    defaults.insert(keys, file.clone());
    Ok(file)
}

/// A filter that was not prepared: the text of a profile is compiled where it can harm nobody else.
pub fn compiled(security: &SecuritySpec) -> Result<Option<Program>, Failure> {
    let refused = |error| Failure::new(FailureKind::Seccomp, format!("cannot load seccomp profile: {error:#}"));
    match &security.seccomp {
        SeccompSpec::Profile(text) => from_profile(text).and_then(|filter| Program::of(&filter)).map(Some).map_err(refused),
        SeccompSpec::RuntimeDefault | SeccompSpec::Unconfined => Ok(None),
    }
}

fn new(default: ScmpAction) -> Result<ScmpFilterContext> {
    let mut filter = ScmpFilterContext::new(default)?;
    filter.add_arch(ScmpArch::X86)?;
    filter.add_arch(ScmpArch::X32)?;
    // We say when: the pod may have asked for allowPrivilegeEscalation.
    filter.set_ctl_nnp(false)?;
    Ok(filter)
}

fn runtime_default(capabilities: &[&str]) -> Result<ScmpFilterContext> {
    let mut filter = new(ScmpAction::Errno(libc::EPERM))?;
    let has = |name: &str| capabilities.contains(&name);
    let allow = |filter: &mut ScmpFilterContext, names: &[&str]| -> Result<()> {
        for call in names.iter().filter_map(|name| ScmpSyscall::from_name(name).ok()) {
            filter.add_rule(ScmpAction::Allow, call)?;
        }
        Ok(())
    };
    allow(&mut filter, ALLOWED)?;
    for (capability, names) in BY_CAPABILITY {
        if has(capability) {
            allow(&mut filter, names)?;
        }
    }
    for personality in PERSONALITIES {
        let equal = ScmpArgCompare::new(0, ScmpCompareOp::Equal, *personality);
        filter.add_rule_conditional(ScmpAction::Allow, ScmpSyscall::from_name("personality")?, &[equal])?;
    }
    let not_vsock = ScmpArgCompare::new(0, ScmpCompareOp::NotEqual, AF_VSOCK);
    filter.add_rule_conditional(ScmpAction::Allow, ScmpSyscall::from_name("socket")?, &[not_vsock])?;
    if !has("CAP_SYS_ADMIN") {
        let no_namespaces = ScmpArgCompare::new(0, ScmpCompareOp::MaskedEqual(CLONE_NAMESPACES), 0);
        filter.add_rule_conditional(ScmpAction::Allow, ScmpSyscall::from_name("clone")?, &[no_namespaces])?;
        // Its flags are behind a pointer; "not there" makes C libraries fall back to clone.
        filter.add_rule(ScmpAction::Errno(libc::ENOSYS), ScmpSyscall::from_name("clone3")?)?;
    }
    Ok(filter)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    default_action: String,
    default_errno_ret: Option<i32>,
    #[serde(default)]
    syscalls: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    names: Vec<String>,
    action: String,
    errno_ret: Option<i32>,
    #[serde(default)]
    args: Vec<Argument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    index: u32,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

fn from_profile(text: &str) -> Result<ScmpFilterContext> {
    let profile: Profile = serde_json::from_str(text)?;
    let default = action(&profile.default_action, profile.default_errno_ret)?;
    let mut filter = new(default)?;
    for rule in &profile.syscalls {
        let verdict = action(&rule.action, rule.errno_ret)?;
        if verdict == default {
            continue;
        }
        let arguments = rule.args.iter().map(comparison).collect::<Result<Vec<_>>>()?;
        for call in rule.names.iter().filter_map(|name| ScmpSyscall::from_name(name).ok()) {
            filter.add_rule_conditional(verdict, call, &arguments)?;
        }
    }
    Ok(filter)
}

fn action(name: &str, errno: Option<i32>) -> Result<ScmpAction> {
    Ok(match name {
        "SCMP_ACT_ALLOW" => ScmpAction::Allow,
        "SCMP_ACT_ERRNO" => ScmpAction::Errno(errno.unwrap_or(libc::EPERM)),
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => ScmpAction::KillThread,
        "SCMP_ACT_KILL_PROCESS" => ScmpAction::KillProcess,
        "SCMP_ACT_TRAP" => ScmpAction::Trap,
        "SCMP_ACT_LOG" => ScmpAction::Log,
        other => anyhow::bail!("action {other} is not supported"),
    })
}

fn comparison(argument: &Argument) -> Result<ScmpArgCompare> {
    let (operator, value) = match argument.op.as_str() {
        "SCMP_CMP_NE" => (ScmpCompareOp::NotEqual, argument.value),
        "SCMP_CMP_LT" => (ScmpCompareOp::Less, argument.value),
        "SCMP_CMP_LE" => (ScmpCompareOp::LessOrEqual, argument.value),
        "SCMP_CMP_EQ" => (ScmpCompareOp::Equal, argument.value),
        "SCMP_CMP_GE" => (ScmpCompareOp::GreaterEqual, argument.value),
        "SCMP_CMP_GT" => (ScmpCompareOp::Greater, argument.value),
        // OCI: the mask comes first, what it is compared with second.
        "SCMP_CMP_MASKED_EQ" => (ScmpCompareOp::MaskedEqual(argument.value), argument.value_two),
        other => anyhow::bail!("operator {other} is not known"),
    };
    Ok(ScmpArgCompare::new(argument.index, operator, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// set_mempolicy_home_node
    const LAST_CALL: i32 = 450;

    #[test]
    fn compiles_the_default_with_and_without_capabilities() {
        let compiled = |capabilities: &[&str]| {
            let capabilities = capabilities.iter().map(|&name| name.to_owned()).collect();
            prepared(&SecuritySpec { capabilities, ..SecuritySpec::default() }).unwrap().unwrap()
        };
        let plain = compiled(&["CAP_CHOWN"]);
        assert!(Arc::ptr_eq(&plain, &compiled(&["CAP_KILL", "CAP_CHOWN"])), "both change nothing of it");
        let mighty = compiled(&["CAP_SYS_ADMIN"]);
        assert_ne!(Program::read(&plain).unwrap().0, Program::read(&mighty).unwrap().0);
        let twice = [Program::read(&plain).unwrap().0, Program::read(&plain).unwrap().0];
        assert!(!twice[0].is_empty() && twice[0] == twice[1], "reading does not move on");
    }

    #[test]
    fn prepares_the_default_alone() {
        for seccomp in [SeccompSpec::Unconfined, SeccompSpec::Profile("{}".to_owned())] {
            let security = SecuritySpec { seccomp, ..SecuritySpec::default() };
            assert!(prepared(&security).is_ok_and(|file| file.is_none()));
        }
    }

    /// In a thread, which it holds for ever.
    #[test]
    fn loads_what_was_compiled() {
        let text = r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getppid"],"action":"SCMP_ACT_ERRNO","errnoRet":42}]}"#;
        let security = SecuritySpec { seccomp: SeccompSpec::Profile(text.to_owned()), ..SecuritySpec::default() };
        let program = compiled(&security).unwrap().unwrap();
        let tried = std::thread::spawn(move || {
            nix::sys::prctl::set_no_new_privs().unwrap();
            program.load().unwrap();
            // SAFETY: takes nothing.
            let result = unsafe { libc::syscall(libc::SYS_getppid) };
            (result, std::io::Error::last_os_error().raw_os_error())
        });
        assert_eq!(tried.join().unwrap(), (-1, Some(42)));
    }

    /// Every call of a 6.1 kernel for this processor.
    fn calls() -> impl Iterator<Item = String> {
        (0..=LAST_CALL).filter_map(|number| ScmpSyscall::from_raw_syscall(number).get_name().ok())
    }

    /// containerd's default for this kernel, turned round: what a container with Fargate's capabilities can't call at all.
    #[test]
    fn refuses_what_containerd_refuses() {
        #[rustfmt::skip]
        const REFUSED: &[&str] = &[
            "_sysctl", "acct", "add_key", "afs_syscall", "bpf", "clock_settime", "clone3", "create_module", "delete_module", "fanotify_init",
            "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "get_kernel_syms", "get_mempolicy", "getpmsg", "init_module",
            "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl",
            "lookup_dcookie", "mbind", "migrate_pages", "mount", "mount_setattr", "move_mount", "move_pages", "nfsservctl",
            "open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd", "pivot_root", "process_madvise", "putpmsg", "query_module",
            "quotactl", "quotactl_fd", "reboot", "request_key", "security", "set_mempolicy", "set_mempolicy_home_node", "setdomainname",
            "sethostname", "setns", "settimeofday", "swapoff", "swapon", "sysfs", "syslog", "tuxcall", "umount2", "unshare", "uselib",
            "userfaultfd", "ustat", "vhangup", "vserver",
        ];
        const BY_ARGUMENTS: &[&str] = &["clone", "personality", "socket"];
        let chroot = BY_CAPABILITY.iter().find(|(capability, _)| *capability == "CAP_SYS_CHROOT").expect("chroot").1;
        let allowed = |name: &str| [ALLOWED, BY_ARGUMENTS, chroot].iter().any(|list| list.contains(&name));
        let mut refused: Vec<String> = calls().filter(|name| !allowed(name)).collect();
        refused.sort();
        assert_eq!(refused, REFUSED);
        for name in ALLOWED {
            assert!(ScmpSyscall::from_name(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn compiles_a_profile() {
        let text = r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","not_a_call"],"action":"SCMP_ACT_ERRNO"}]}"#;
        assert!(from_profile(text).is_ok());
    }

    #[test]
    fn refuses_a_profile_that_is_none() {
        assert!(from_profile("{}").is_err());
    }
}
