//! What the jail is asked to do, read from its command line.

use std::ffi::OsString;
use std::path::PathBuf;

/// One program and all that it shall have.
#[derive(Debug, Default, PartialEq)]
pub struct Plan {
    /// User and group that the program runs as.
    pub user: u32,
    /// An empty folder of the host; what is mounted there is seen in the jail only.
    pub root: PathBuf,
    /// `cgroup.procs` files to join.
    pub cgroups: Vec<PathBuf>,
    /// Files and folders of the host that the program may read, at the same path.
    pub readable: Vec<PathBuf>,
    /// Programs of the host that may run, beside those of `/usr`, at the same path.
    pub runnable: Vec<PathBuf>,
    /// Files of the host that the program may also write, if they are its user's.
    pub writable: Vec<PathBuf>,
    /// Unix sockets to listen at. They are the program's descriptors 3, 4, …
    pub sockets: Vec<PathBuf>,
    /// The descriptor after those of the sockets.
    pub tap: Option<Tap>,
    /// Files of the host that are opened to be read and written; the descriptors after that of the tap. Seals hold, modes do not.
    pub opened: Vec<PathBuf>,
    /// Whether the program gets `/dev/kvm`.
    pub kvm: bool,
    /// File that takes what the program says.
    pub log: Option<PathBuf>,
    /// Whether to wait for the program's end instead of telling its process number: then it keeps the output, and ends with what waits for it.
    pub wait: bool,
    pub program: OsString,
    pub arguments: Vec<OsString>,
}

#[derive(Debug, PartialEq)]
pub struct Tap {
    /// File of the network namespace that holds it. Without one, the tap is made in the jail's own, which is empty: it leads nowhere.
    pub namespace: Option<PathBuf>,
    pub name: String,
}

impl Plan {
    /// Reads `--user N --root FOLDER [OPTION...] -- PROGRAM [ARGUMENT...]`.
    pub fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Plan, String> {
        let mut plan = Plan::default();
        let mut line = line.into_iter();
        let mut namespace = None;
        let mut name = None;
        loop {
            let option = line.next().ok_or("no program: it stands after --")?;
            let option = option.to_str().ok_or("an option that is no text")?;
            let mut value = || line.next().ok_or(format!("{option}: a value is missing"));
            match option {
                "--" => break,
                "--kvm" => plan.kvm = true,
                "--wait" => plan.wait = true,
                "--user" => plan.user = number(option, value()?)?,
                "--root" => plan.root = path(option, value()?)?,
                "--cgroup" => plan.cgroups.push(path(option, value()?)?),
                "--read" => plan.readable.push(path(option, value()?)?),
                "--run" => plan.runnable.push(path(option, value()?)?),
                "--write" => plan.writable.push(path(option, value()?)?),
                "--listen" => plan.sockets.push(path(option, value()?)?),
                "--open" => plan.opened.push(path(option, value()?)?),
                "--log" => plan.log = Some(path(option, value()?)?),
                "--netns" => namespace = Some(path(option, value()?)?),
                "--tap" => name = Some(value()?.into_string().map_err(|_| "--tap: it is no text")?),
                _ => return Err(format!("{option}: there is no such option")),
            }
        }
        plan.tap = match (namespace, name) {
            (Some(_), None) => return Err("--netns: it needs --tap".into()),
            (namespace, name) => name.map(|name| Tap { namespace, name }),
        };
        plan.program = line.next().ok_or("no program: it stands after --")?;
        plan.arguments = line.collect();
        if plan.user == 0 {
            return Err("--user: it must be a user that is not root".into());
        }
        if plan.root.as_os_str().is_empty() {
            return Err("--root: it is missing".into());
        }
        Ok(plan)
    }
}

fn number(option: &str, value: OsString) -> Result<u32, String> {
    value.to_str().and_then(|text| text.parse().ok()).ok_or(format!("{option}: {value:?} is no number of a user"))
}

fn path(option: &str, value: OsString) -> Result<PathBuf, String> {
    let path = PathBuf::from(value);
    if path.is_absolute() { Ok(path) } else { Err(format!("{option}: {path:?} is no absolute path")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Plan, String> {
        Plan::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn reads_what_a_machine_needs() {
        let plan =
            parsed("--user 9 --root /r --listen /a --netns /n --tap mp-1 --open /m --read /i --run /p --write /s --kvm -- qemu -m 1")
                .unwrap();
        assert_eq!(plan.user, 9);
        assert_eq!(plan.sockets, [PathBuf::from("/a")]);
        assert_eq!(plan.tap, Some(Tap { namespace: Some("/n".into()), name: "mp-1".into() }));
        assert_eq!(plan.opened, [PathBuf::from("/m")]);
        assert_eq!((plan.readable, plan.writable), (vec!["/i".into()], vec!["/s".into()]));
        assert_eq!(plan.runnable, [PathBuf::from("/p")]);
        assert_eq!((plan.program, plan.arguments), ("qemu".into(), vec!["-m".into(), "1".into()]));
        assert!(plan.kvm && !plan.wait);
    }

    #[test]
    fn refuses_what_it_cannot_jail() {
        for (line, words) in [
            ("--root /r -- qemu", "--user"),
            ("--user 0 --root /r -- qemu", "--user"),
            ("--user x --root /r -- qemu", "--user"),
            ("--user 9 -- qemu", "--root"),
            ("--user 9 --root r -- qemu", "--root"),
            ("--user 9 --root /r --netns /n -- qemu", "--netns"),
            ("--user 9 --root /r --open m -- qemu", "--open"),
            ("--user 9 --root /r --frob -- qemu", "--frob"),
            ("--user 9 --root", "--root: a value"),
            ("--user 9 --root /r --", "no program"),
            ("--user 9 --root /r", "no program"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(words), "{line}: {error}");
        }
    }
}
