//! What this process and `sqfstar` can't do any more once hostile bytes are read, beside what the jail keeps from them.

use crate::Fault;
use nix::sys::resource::{Resource, setrlimit};
use std::io::Error;

const MOST_PROCESSES: u64 = 64;
const MOST_FILES: u64 = 64;
const MOST_MEMORY: u64 = 4 << 30;
const MOST_PROCESSOR_SECONDS: u64 = 3600;

/// Flags of `clone(2)` that make namespaces.
const NAMESPACES: u32 = 0x7e02_0080;

const ARCHITECTURE: u32 = 0xc000_003e;

/// @param most bytes of any file
pub fn impose(most: u64) -> Result<(), Fault> {
    for (what, most) in [
        (Resource::RLIMIT_FSIZE, most),
        (Resource::RLIMIT_NPROC, MOST_PROCESSES),
        (Resource::RLIMIT_NOFILE, MOST_FILES),
        (Resource::RLIMIT_AS, MOST_MEMORY),
        (Resource::RLIMIT_CPU, MOST_PROCESSOR_SECONDS),
    ] {
        setrlimit(what, most, most).map_err(|error| format!("cannot limit {what:?}: {error}"))?;
    }
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return Err(format!("cannot forbid new rights: {}", Error::last_os_error()));
    }
    filter()
}

/// System calls that neither program needs, and that speak to the network, to other processes or to rarely used parts of the kernel.
const FORBIDDEN: [libc::c_long; 58] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_setup,
    libc::SYS_io_submit,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_inotify_init1,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_personality,
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_splice,
    libc::SYS_vmsplice,
    libc::SYS_memfd_create,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_modify_ldt,
    libc::SYS_syslog,
];

/// Forbidden calls fail with `EPERM`; programs of another architecture, whose numbers mean other calls, end.
fn filter() -> Result<(), Fault> {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const ANY_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
    const AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
    const ANSWER: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    // Of `struct seccomp_data`: number, architecture, the low half of the first argument.
    const NUMBER: u32 = 0;
    const KIND: u32 = 4;
    const FIRST: u32 = 16;
    let step = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
    let refuse = step(ANSWER, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32, 0, 0);
    let mut steps = vec![
        step(LOAD, KIND, 0, 0),
        step(EQUAL, ARCHITECTURE, 1, 0),
        step(ANSWER, libc::SECCOMP_RET_KILL_PROCESS, 0, 0),
        step(LOAD, NUMBER, 0, 0),
        // The numbers of x32.
        step(AT_LEAST, 0x4000_0000, 0, 1),
        refuse,
        // Its flags lie in memory; the C library then takes clone(2).
        step(EQUAL, libc::SYS_clone3 as u32, 0, 1),
        step(ANSWER, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32, 0, 0),
    ];
    for number in FORBIDDEN {
        steps.push(step(EQUAL, number as u32, 0, 1));
        steps.push(refuse);
    }
    steps.extend([
        step(EQUAL, libc::SYS_clone as u32, 0, 3),
        step(LOAD, FIRST, 0, 0),
        step(ANY_BIT, NAMESPACES, 0, 1),
        refuse,
        step(ANSWER, libc::SECCOMP_RET_ALLOW, 0, 0),
    ]);
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    let pointer: *const libc::sock_fprog = &program;
    if unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, pointer, 0, 0) } != 0 {
        return Err(format!("cannot filter system calls: {}", Error::last_os_error()));
    }
    Ok(())
}
