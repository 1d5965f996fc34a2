//! Who the program runs as: user and groups by the image's own files, capabilities, limits.

use std::fs;
use std::os::fd::BorrowedFd;

use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, fchown, setgroups, setresgid, setresuid};

use super::spec::{Failure, FailureKind, Limits, UserSpec};

#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    pub home: String,
}

impl Identity {
    /// Reads the files of the root that the process stands in.
    pub fn resolve(spec: &UserSpec) -> Result<Self, Failure> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self::resolve_with(spec, &read("/etc/passwd"), &read("/etc/group"))
    }

    /// @param users, groups as `/etc/passwd` and `/etc/group` have them
    pub fn resolve_with(spec: &UserSpec, users: &str, groups: &str) -> Result<Self, Failure> {
        let unknown = |what: &str, name: &str| {
            let file = if what == "user" { "passwd" } else { what };
            Failure::new(FailureKind::User, format!("unable to find {what} {name}: no matching entries in {file} file"))
        };
        let (user_name, group_name) = match spec.uid {
            // The image's group belongs to the image's user.
            Some(_) => ("", ""),
            None => spec.name.split_once(':').unwrap_or((&spec.name, "")),
        };
        let fields = |line: &'_ str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
        let by_id = |uid: u32| users.lines().map(fields).find(|entry| entry.len() > 5 && entry[2] == uid.to_string());
        let by_name = |name: &str| users.lines().map(fields).find(|entry| entry.len() > 5 && entry[0] == name);
        let (uid, entry) = match (spec.uid, user_name) {
            (Some(uid), _) => (uid, by_id(uid)),
            (None, "") => (0, by_id(0)),
            (None, name) => match (by_name(name), name.parse::<u32>()) {
                (Some(entry), _) => (entry[2].parse().map_err(|_| unknown("user", name))?, Some(entry)),
                (None, Ok(uid)) => (uid, by_id(uid)),
                (None, Err(_)) => return Err(unknown("user", name)),
            },
        };
        if spec.must_run_as_non_root && uid == 0 {
            return Err(Failure::new(FailureKind::RootUser, "container has runAsNonRoot and image will run as root"));
        }
        let gid = match (spec.gid, group_name, &entry) {
            (Some(gid), ..) => gid,
            // As containerd: a user without a group has the group of its entry, else root's.
            (None, "", Some(entry)) => entry[3].parse().unwrap_or(0),
            (None, "", None) => 0,
            (None, name, _) => match groups.lines().map(fields).find(|entry| entry.len() > 2 && entry[0] == name) {
                Some(entry) => entry[2].parse().map_err(|_| unknown("group", name))?,
                None => name.parse().map_err(|_| unknown("group", name))?,
            },
        };
        let mut all = vec![gid];
        all.extend(&spec.supplemental_groups);
        if let Some(entry) = entry.as_ref().filter(|_| !spec.only_listed_groups) {
            let member = |line: &Vec<String>| line.len() > 3 && line[3].split(',').any(|name| name == entry[0]);
            all.extend(groups.lines().map(fields).filter(member).filter_map(|line| line[2].parse::<u32>().ok()));
        }
        all.sort_unstable();
        all.dedup();
        let home = entry.map(|entry| entry[5].clone()).filter(|home| !home.is_empty()).unwrap_or_else(|| "/".to_owned());
        Ok(Self { uid, gid, groups: all, home })
    }

    /// Becomes that user for good.
    pub fn take(&self) -> Result<(), Failure> {
        let groups: Vec<Gid> = self.groups.iter().copied().map(Gid::from_raw).collect();
        setgroups(&groups)?;
        let gid = Gid::from_raw(self.gid);
        setresgid(gid, gid, gid)?;
        let uid = Uid::from_raw(self.uid);
        setresuid(uid, uid, uid)?;
        Ok(())
    }
}

/// Lets the user open /dev/stdout and the like again, which are pipes or a terminal that the guest made.
pub fn own_standard_streams(identity: &Identity) {
    for stream in 0..3 {
        // SAFETY: the standard streams are open for the whole call.
        let descriptor = unsafe { BorrowedFd::borrow_raw(stream) };
        let Ok(status) = nix::sys::stat::fstat(descriptor) else { continue };
        // The null device is everybody's.
        let null = status.st_mode & libc::S_IFMT == libc::S_IFCHR && status.st_rdev == libc::makedev(1, 3);
        if !null {
            let _ = fchown(descriptor, Some(Uid::from_raw(identity.uid)), None);
        }
    }
}

/// Bounds what exec can give: root gets exactly the bounding set, any other user nothing, as with other runtimes.
pub fn drop_capabilities(kept: &[String]) -> Result<(), Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Capabilities, format!("capabilities: {error}"));
    let mut set = caps::CapsHashSet::new();
    for name in kept {
        set.insert(name.parse().map_err(|error: caps::errors::CapsError| refused(&error))?);
    }
    caps::clear(None, caps::CapSet::Ambient).map_err(|error| refused(&error))?;
    caps::clear(None, caps::CapSet::Inheritable).map_err(|error| refused(&error))?;
    for capability in caps::runtime::thread_all_supported() {
        if !set.contains(&capability) {
            caps::drop(None, caps::CapSet::Bounding, capability).map_err(|error| refused(&error))?;
        }
    }
    Ok(())
}

pub fn set_limits(limits: &Limits) -> anyhow::Result<()> {
    if let Some((soft, hard)) = limits.open_files {
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?;
    }
    if let Some((soft, hard)) = limits.processes {
        setrlimit(Resource::RLIMIT_NPROC, soft, hard)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n";
    const GROUPS: &str = "root:x:0:\napp:x:1001:\nextra:x:2000:other,app\n";

    fn resolve(spec: UserSpec) -> Result<Identity, Failure> {
        Identity::resolve_with(&spec, USERS, GROUPS)
    }

    fn named(name: &str) -> UserSpec {
        UserSpec { name: name.to_owned(), ..UserSpec::default() }
    }

    #[test]
    fn is_root_unless_told() {
        let root = resolve(named("")).expect("root");
        assert_eq!(root, Identity { uid: 0, gid: 0, groups: vec![0], home: "/root".to_owned() });
    }

    #[test]
    fn takes_group_memberships_from_the_image() {
        let app = resolve(named("app")).expect("app");
        assert_eq!(app, Identity { uid: 1000, gid: 1001, groups: vec![1001, 2000], home: "/home/app".to_owned() });
    }

    #[test]
    fn accepts_numbers_that_the_image_does_not_know() {
        let user = resolve(named("77:88")).expect("numbers");
        assert_eq!(user, Identity { uid: 77, gid: 88, groups: vec![88], home: "/".to_owned() });
    }

    #[test]
    fn refuses_an_unknown_name() {
        let failure = resolve(named("nobody-here")).expect_err("unknown");
        assert_eq!(failure.kind, FailureKind::User);
        assert_eq!(failure.message, "unable to find user nobody-here: no matching entries in passwd file");
        assert_eq!(
            resolve(named("app:nobodies")).expect_err("unknown").message,
            "unable to find group nobodies: no matching entries in group file"
        );
    }

    #[test]
    fn refuses_root_where_it_must_not_be() {
        let spec = UserSpec { must_run_as_non_root: true, ..named("root") };
        assert_eq!(resolve(spec).expect_err("root").kind, FailureKind::RootUser);
    }

    #[test]
    fn takes_the_group_that_the_image_names() {
        assert_eq!(resolve(named("app:extra")).expect("names").gid, 2000);
        assert_eq!(resolve(named("app:root")).expect("names").groups, vec![0, 2000]);
    }

    #[test]
    fn the_images_group_does_not_go_with_the_pods_user() {
        let spec = UserSpec { uid: Some(1000), ..named("root:extra") };
        assert_eq!(resolve(spec).expect("entry's group").gid, 1001);
        let spec = UserSpec { uid: Some(77), ..named("root:extra") };
        assert_eq!(resolve(spec).expect("no entry").gid, 0);
    }

    #[test]
    fn counts_only_listed_groups_when_told() {
        let spec = UserSpec { supplemental_groups: vec![9], only_listed_groups: true, ..named("app") };
        assert_eq!(resolve(spec).expect("app").groups, vec![9, 1001]);
    }

    #[test]
    fn prefers_the_pods_numbers() {
        let spec = UserSpec { uid: Some(1000), gid: Some(5), supplemental_groups: vec![9], ..named("root") };
        assert_eq!(resolve(spec).expect("numbers").groups, vec![5, 9, 2000]);
    }
}
