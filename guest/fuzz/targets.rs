//! What a fuzzer that looks at coverage tries of the guest: bytes of the agent, of images and of containers. Whatever they are, nothing
//! panics (overflows included), takes long, or comes out otherwise than it went in. `MONOPOD_FUZZ_TARGET` says which of [`TARGETS`].

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use prost::Message;

use crate::container::identity::Identity;
use crate::container::request;
use crate::container::seccomp;
use crate::container::spec::{ProcessSpec, SeccompSpec, SecuritySpec, UserSpec};
use crate::log::Records;
use crate::protocol::*;
use crate::{clock, nfs, probe, volumes};

/// Name, what is tried, and inputs to begin with.
type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

const TARGETS: &[Target] = &[
    ("requests", requests, request_seeds),
    ("users", users, user_seeds),
    ("profiles", profiles, profile_seeds),
    ("answers", probe::try_answer, answer_seeds),
    ("records", records, || vec![b"\x05one\ntwo".to_vec()]),
    ("planted", planted, || vec![b"none".to_vec()]),
];

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let wanted = std::env::var("MONOPOD_FUZZ_TARGET").unwrap_or_default();
    TARGETS.iter().find(|(name, ..)| *name == wanted).unwrap_or_else(|| panic!("no target {wanted:?}"))
});

fuzz_target!(
    init: {
        if let Ok(folder) = std::env::var("MONOPOD_FUZZ_SEEDS") {
            for (number, seed) in TARGET.2().into_iter().enumerate() {
                std::fs::write(PathBuf::from(&folder).join(format!("seed-{number}")), seed).expect("write a seed");
            }
        }
    },
    |data: &[u8]| TARGET.1(data)
);

/// Every message that the agent sends, and what the guest makes of it before it acts.
fn requests(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    match kind % 8 {
        0 => same::<ConfigureRequest>(bytes, |_| {}),
        1 => same::<WriteVolumeRequest>(bytes, |request| written(&request)),
        2 => same::<StartContainerRequest>(bytes, |request| started(&request)),
        3 => same::<StreamInput>(bytes, |_| {}),
        4 => same::<ProbeRequest>(bytes, |_| {}),
        5 => same::<PortForwardInput>(bytes, |_| {}),
        6 => same::<LimitResourcesRequest>(bytes, |_| {}),
        _ => same::<ReadLogRequest>(bytes, |request| assert_eq!(clock::rfc3339(request.offset as i64).len(), 30)),
    }
}

/// What is read, is read so again from what it is written as.
fn same<M: Message + Default + PartialEq + Debug>(bytes: &[u8], then: impl FnOnce(M)) {
    if let Ok(message) = M::decode(bytes) {
        let again = M::decode(message.encode_to_vec().as_slice()).expect("what was written");
        // Debug shows a number that is none as itself.
        assert!(again == message || format!("{again:?}") == format!("{message:?}"), "{message:?}");
        then(message);
    }
}

fn written(request: &WriteVolumeRequest) {
    let _ = volumes::check_name(&request.name).map(|()| {
        let inside = PathBuf::from("/v").join(&request.name);
        assert_eq!(inside.parent(), Some(PathBuf::from("/v").as_path()), "{inside:?}");
    });
    match &request.kind {
        Some(write_volume_request::Kind::Files(files)) => {
            for file in &files.files {
                if volumes::check_path(&file.path).is_ok() {
                    let inside = PathBuf::from("/v").join(&file.path);
                    assert!(inside.starts_with("/v") && !inside.components().any(|part| part.as_os_str() == ".."), "{inside:?}");
                }
            }
        }
        Some(write_volume_request::Kind::NetworkFileSystem(system)) => nfs::try_options(&system.options),
        _ => {}
    }
}

fn started(request: &StartContainerRequest) {
    volumes::add_mounted("data", PathBuf::from("/run/volumes/data"));
    if request::check_id(&request.container_id).is_err() {
        return;
    }
    assert_eq!(request::folder(&request.container_id).file_name().and_then(|name| name.to_str()), Some(request.container_id.as_str()));
    let users = request.tty.then(|| PathBuf::from("/users"));
    if let Ok(spec) = request::new_container(request, PathBuf::from("/image"), PathBuf::from("/cgroup"), None, users) {
        let text = serde_json::to_string(&spec).expect("to JSON");
        let again: ProcessSpec = serde_json::from_str(&text).expect("from JSON");
        assert_eq!(format!("{again:?}"), format!("{spec:?}"));
    }
}

/// `FLAGS NAME \0 /etc/passwd \0 /etc/group`, the latter two as an image has them.
fn users(data: &[u8]) {
    let Some((flags, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let mut parts = text.splitn(3, '\0');
    let mut part = || parts.next().unwrap_or_default();
    let (name, users, groups) = (part().to_owned(), part(), part());
    let spec = UserSpec {
        name,
        uid: (flags & 1 != 0).then_some(u32::from(flags >> 4)),
        gid: (flags & 2 != 0).then_some(7),
        supplemental_groups: if flags & 4 != 0 { vec![9, 7, 9] } else { Vec::new() },
        must_run_as_non_root: flags & 8 != 0,
        only_listed_groups: flags & 16 != 0,
    };
    if let Ok(identity) = Identity::resolve_with(&spec, users, groups) {
        assert!(!(spec.must_run_as_non_root && identity.uid == 0), "root");
        assert!(spec.uid.is_none_or(|uid| uid == identity.uid) && spec.gid.is_none_or(|gid| gid == identity.gid));
        assert!(identity.groups.contains(&identity.gid) && identity.groups.is_sorted());
        assert!(!spec.only_listed_groups || identity.groups.len() <= 1 + spec.supplemental_groups.len());
        assert!(!identity.home.is_empty());
    }
}

/// A pod's seccomp profile, compiled as where a container starts.
fn profiles(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let security = SecuritySpec { seccomp: SeccompSpec::Profile(text.to_owned()), ..SecuritySpec::default() };
    if let Err(failure) = seccomp::compiled(&security) {
        assert!(!failure.message.is_empty());
    }
}

/// What a container writes: every record ends, and all that was written is in the records.
fn records(data: &[u8]) {
    let Some((size, output)) = data.split_first() else { return };
    let mut cutter = Records::new("stdout");
    let mut log = Vec::new();
    for piece in output.chunks(usize::from(*size) * 97 + 1) {
        log.extend(cutter.cut(piece, 1_700_000_000_123_456_789));
    }
    log.extend(cutter.finish(1_700_000_000_123_456_789));
    let mut content = Vec::new();
    for record in log.split_inclusive(|byte| *byte == b'\n') {
        let record = record.strip_suffix(b"\n").expect("a record that ends");
        let fields: Vec<&[u8]> = record.splitn(4, |byte| *byte == b' ').collect();
        content.extend_from_slice(fields[3]);
        match fields[2] {
            b"F" => content.push(b'\n'),
            b"P" => {}
            other => panic!("tag {other:?}"),
        }
        assert!(fields[0].len() == 30 && fields[1] == b"stdout" && record.len() < (16 << 10) + 64);
    }
    assert_eq!(content, output);
}

/// Must be found, in seconds, and can be only by coverage: else a silent fuzzer would be taken for good news.
fn planted(data: &[u8]) {
    if data.first() == Some(&b'f') && data.get(1) == Some(&b'i') && data.get(2) == Some(&b'n') && data.get(3) == Some(&b'd') {
        panic!("what was planted");
    }
}

fn request_seeds() -> Vec<Vec<u8>> {
    let start = StartContainerRequest {
        container_id: "0a-1".into(),
        args: vec!["/bin/true".into()],
        user: Some(User { name: "app:extra".into(), uid: Some(1), supplemental_groups: vec![2], ..User::default() }),
        mounts: vec![
            Mount { source: Some(mount::Source::Volume("data".into())), destination: "/data".into(), ..Mount::default() },
            Mount { source: Some(mount::Source::PodFile(1)), destination: "/etc/hosts".into(), ..Mount::default() },
        ],
        security: Some(Security { seccomp: 2, seccomp_localhost_json: b"{}".into(), ..Security::default() }),
        resources: Some(Resources { nofile_hard: 1, ..Resources::default() }),
        termination_message_path: "/dev/termination-log".into(),
        ..StartContainerRequest::default()
    };
    let file = VolumeFile { path: "a/b".into(), content: b"text".into(), mode: 0o644, user: None };
    let files = write_volume_request::Kind::Files(Files { files: vec![file], ..Files::default() });
    let options = vec!["vers=4.1,ro".into(), "nosuid".into()];
    let nfs = NetworkFileSystem { address: "10.0.0.1".into(), path: "/a".into(), options, ..NetworkFileSystem::default() };
    let volume = |kind| WriteVolumeRequest { name: "data".into(), kind: Some(kind) }.encode_to_vec();
    vec![
        [vec![0], ConfigureRequest { machine_id: "m".into(), entropy: vec![7; 32], ..ConfigureRequest::default() }.encode_to_vec()]
            .concat(),
        [vec![1], volume(files)].concat(),
        [vec![1], volume(write_volume_request::Kind::NetworkFileSystem(nfs))].concat(),
        [vec![2], start.encode_to_vec()].concat(),
        [vec![3], StreamInput { input: Some(stream_input::Input::Stdin(b"in".into())) }.encode_to_vec()].concat(),
        [vec![7], ReadLogRequest { offset: 1, ..ReadLogRequest::default() }.encode_to_vec()].concat(),
    ]
}

fn user_seeds() -> Vec<Vec<u8>> {
    let files = "\0root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:\n\0app:x:1001:\nextra:x:2000:app,root\n";
    ["app:extra", "1000", "root", ":7"]
        .iter()
        .flat_map(|name| [0u8, 13].map(|flags| [&[flags], name.as_bytes(), files.as_bytes()].concat()))
        .collect()
}

fn profile_seeds() -> Vec<Vec<u8>> {
    let rule = r#"{"names":["mkdir","chmod"],"action":"SCMP_ACT_ERRNO","errnoRet":1,"args":[{"index":0,"value":7,"valueTwo":3,"op":"SCMP_CMP_MASKED_EQ"}]}"#;
    vec![format!(r#"{{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{rule}]}}"#).into_bytes()]
}

fn answer_seeds() -> Vec<Vec<u8>> {
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nbody",
        "HTTP/1.1 302 Found\r\nLocation: https://10.0.0.1:8443/there\r\n\r\n",
        "HTTP/1.0 302 Found\r\nLocation: there\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ]
    .map(|answer| answer.as_bytes().to_vec())
    .to_vec()
}
