//! A hundred images as awkward as layers allow, each by its seed, and what becomes of them: compared file by file, with modes, owners,
//! attributes, times and links, with what an independent unpacker makes of the same layers (`reference/unpack.py`).

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const IMAGES: usize = 100;

/// Some seeds make images that are refused, as they must be; more than this many would mean that too little is compared.
const MOST_SEEDS: u64 = 200;

const BLOCK: usize = 512;

#[test]
fn a_hundred_awkward_images_come_out_as_an_independent_unpacker_has_them() {
    if let Some(reason) = cannot() {
        // Not by a macro, whose words the test runner keeps to itself.
        writeln!(std::io::stderr(), "skipped: awkward images: {reason}").unwrap();
        return;
    }
    let folder = std::env::temp_dir().join(format!("mp-awkward-images-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let chosen = std::env::var("MONOPOD_SEED").ok().map(|seed| seed.parse().expect("MONOPOD_SEED is a number"));
    let seeds = chosen.map_or(1..=MOST_SEEDS, |seed: u64| seed..=seed);
    let wanted = if chosen.is_some() { 0 } else { IMAGES };
    let mut made: Vec<PathBuf> = Vec::new();
    let mut whole = 0;
    for seed in seeds {
        let image = folder.join(format!("seed-{seed}"));
        fs::create_dir(&image).unwrap();
        whole += usize::from(pack(&image, Image::of(seed).layers));
        made.push(image);
        if wanted > 0 && whole == wanted {
            break;
        }
    }
    let compared = Command::new("python3").arg(reference()).args(&made).output().unwrap();
    // One that was chosen is there to be looked at.
    if chosen.is_none() {
        fs::remove_dir_all(&folder).unwrap();
    }
    let words = String::from_utf8_lossy(&compared.stdout);
    let errors = String::from_utf8_lossy(&compared.stderr);
    assert!(compared.status.success(), "MONOPOD_SEED=NUMBER makes one of them and leaves it there; they differ:\n{words}{errors}");
    assert!(whole >= wanted, "of {MOST_SEEDS} images only {whole} were not refused");
}

/// Why this machine cannot unpack images with owners, devices and attributes.
fn cannot() -> Option<String> {
    if !nix::unistd::Uid::effective().is_root() {
        return Some("needs root".into());
    }
    let missing = |program: &&str| Command::new(program).arg("--version").output().is_err();
    ["python3", "zstd", "sqfstar", "unsquashfs"].iter().find(|program| missing(program)).map(|program| format!("no {program}"))
}

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/unpack.py")
}

/// Writes the layers, and `disk` or, if the image is refused, `fault`.
fn pack(image: &Path, layers: Vec<Vec<u8>>) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_monopod-layers"));
    command.arg(image.join("disk")).arg((1u64 << 30).to_string());
    for (number, tar) in layers.iter().enumerate() {
        let file = image.join(format!("layer-{number}"));
        fs::write(&file, shipped(tar, number)).unwrap();
        let digest: String = Sha256::digest(tar).iter().map(|byte| format!("{byte:02x}")).collect();
        command.arg(file).arg(format!("sha256:{digest}"));
    }
    let output = command.output().unwrap();
    if !output.status.success() {
        // What stands before is the packer's.
        let words = String::from_utf8(output.stderr).unwrap().trim_end().lines().last().unwrap_or_default().to_string();
        assert!(words.starts_with("layer "), "{words}");
        fs::write(image.join("fault"), words).unwrap();
    }
    output.status.success()
}

fn shipped(tar: &[u8], number: usize) -> Vec<u8> {
    match number % 3 {
        0 => {
            let mut out = GzEncoder::new(Vec::new(), Compression::fast());
            out.write_all(tar).unwrap();
            out.finish().unwrap()
        }
        1 => zstd::encode_all(tar, 1).unwrap(),
        _ => tar.to_vec(),
    }
}

/// The same numbers for the same seed, on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    /// Once in so many times.
    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn of<T: Clone>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())].clone()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    File = b'0' as isize,
    HardLink = b'1' as isize,
    SymbolicLink = b'2' as isize,
    Character = b'3' as isize,
    Block = b'4' as isize,
    Folder = b'5' as isize,
    Pipe = b'6' as isize,
}

type Names = BTreeMap<Vec<u8>, Kind>;

struct Image {
    random: Random,
    layers: Vec<Vec<u8>>,
    /// What lower layers put there, but for what they put through links.
    lower: Names,
    own: Names,
    tar: Vec<u8>,
}

impl Image {
    fn of(seed: u64) -> Image {
        let mut image = Image { random: Random(seed), layers: Vec::new(), lower: Names::new(), own: Names::new(), tar: Vec::new() };
        // Neighbours would begin alike.
        (0..8).for_each(|_| _ = image.random.below(2));
        for _ in 0..2 + image.random.below(4) {
            image.layer();
        }
        image
    }

    fn layer(&mut self) {
        if !self.layers.is_empty() && self.random.one_in(8) {
            // The same once more.
            let again = self.random.of(&self.layers);
            self.layers.push(again);
            return;
        }
        let entries = if self.random.one_in(10) { 0 } else { 1 + self.random.below(24) };
        for _ in 0..entries {
            self.entry();
        }
        let mut tar = std::mem::take(&mut self.tar);
        tar.resize(tar.len() + 2 * BLOCK, 0);
        self.layers.push(tar);
        let own = std::mem::take(&mut self.own);
        self.lower.retain(|name, _| above(name).all(|part| own.get(part).is_none_or(|kind| *kind == Kind::Folder)));
        self.lower.extend(own);
    }

    fn entry(&mut self) {
        match self.random.below(100) {
            0..=29 => self.put(Kind::File),
            30..=44 => self.put(Kind::Folder),
            45..=54 => self.put(Kind::SymbolicLink),
            55..=72 => self.put(Kind::HardLink),
            73..=75 => self.put(Kind::Character),
            76..=77 => self.put(Kind::Block),
            78..=80 => self.put(Kind::Pipe),
            81..=92 => self.whiteout(),
            93..=96 => self.marker(b".wh..wh..opq"),
            _ => self.marker(b".wh..wh.plnk"),
        }
    }

    fn name(&mut self) -> Vec<u8> {
        let long = [b"n".repeat(140), b"m".repeat(99), b"o".repeat(255)];
        let short: [&[u8]; 10] = [b"a", b"b", b"c", b"d", b"e", b"usr", b"caf\xe9", b"\xff\xfe", b"new\nline", b"\xe2\x82\xac .wh."];
        if self.random.one_in(12) { self.random.of(&long) } else { self.random.of(&short).to_vec() }
    }

    /// Of this layer or a lower one: of which kind, if it matters.
    fn known(&mut self, own: bool, kinds: &[Kind]) -> Option<Vec<u8>> {
        let from = if own { &self.own } else { &self.lower };
        let fit: Vec<Vec<u8>> =
            from.iter().filter(|(_, kind)| kinds.is_empty() || kinds.contains(kind)).map(|(name, _)| name.clone()).collect();
        if fit.is_empty() { None } else { Some(self.random.of(&fit)) }
    }

    /// Where something is put: beside what is there, below folders, links and, of lower layers, files.
    fn folder(&mut self) -> Vec<u8> {
        let chosen = match self.random.below(8) {
            0..=2 => None,
            3 | 4 => self.known(true, &[Kind::Folder]),
            5 => self.known(true, &[Kind::SymbolicLink]),
            6 => self.known(false, &[]),
            _ => Some(self.name()),
        };
        chosen.unwrap_or_default()
    }

    fn path(&mut self) -> Option<Vec<u8>> {
        let again = if self.random.one_in(6) { self.known(true, &[]) } else { None };
        let path = match again {
            Some(path) => path,
            None => {
                let folder = self.folder();
                joined(&folder, &self.name())
            }
        };
        if path.len() > 2000 || path.iter().filter(|&&byte| byte == b'/').count() > 6 {
            return None;
        }
        // Below a file of its own layer nothing can lie: refused, which is tried now and then.
        let below_file = above(&path).any(|part| self.own.get(part).is_some_and(|kind| !matches!(kind, Kind::Folder | Kind::SymbolicLink)));
        if below_file && !self.random.one_in(40) { None } else { Some(path) }
    }

    fn put(&mut self, kind: Kind) {
        let Some(path) = self.path() else { return };
        let link = match kind {
            Kind::HardLink => match self.target() {
                Some(target) if target != path => target,
                _ => return,
            },
            Kind::SymbolicLink => self.destination(),
            _ => Vec::new(),
        };
        self.own.retain(|name, _| kind == Kind::Folder || !above(name).any(|part| part == path));
        for part in above(&path) {
            self.own.entry(part.to_vec()).or_insert(Kind::Folder);
        }
        self.own.insert(path.clone(), kind);
        let mut written = self.disguised(path);
        if kind == Kind::Folder && !self.random.one_in(4) {
            written.push(b'/');
        }
        self.write(kind, &written, &link);
    }

    /// A file, seldom something else, that can have one more name.
    fn target(&mut self) -> Option<Vec<u8>> {
        const FILES: [Kind; 6] = [Kind::File, Kind::HardLink, Kind::SymbolicLink, Kind::Pipe, Kind::Character, Kind::Block];
        if self.random.one_in(60) {
            return Some(b"never/there".to_vec());
        }
        let own = !self.random.one_in(3);
        let target = self.known(own, &FILES)?;
        let plain = |names: &Names| above(&target).all(|part| names.get(part).is_none_or(|kind| *kind == Kind::Folder));
        let there = self.own.get(&target).is_none_or(|kind| FILES.contains(kind));
        if there && plain(&self.own) && plain(&self.lower) { Some(target) } else { None }
    }

    /// Of a symbolic link: it may lead out, in a circle or nowhere.
    fn destination(&mut self) -> Vec<u8> {
        let known = self.known(true, &[Kind::Folder]).unwrap_or(b"nowhere".to_vec());
        match self.random.below(6) {
            0 => [b"/", known.as_slice()].concat(),
            1 => [b"../../../..//./", known.as_slice()].concat(),
            2 => self.name(),
            3 => b"..".to_vec(),
            4 => b"x".repeat(1 + self.random.below(300)),
            _ => known,
        }
    }

    /// The same path in other words.
    fn disguised(&mut self, path: Vec<u8>) -> Vec<u8> {
        match self.random.below(12) {
            0 | 1 => [b"./", path.as_slice()].concat(),
            2 => [b"/", path.as_slice()].concat(),
            3 => [self.name().as_slice(), b"/../", path.as_slice()].concat(),
            4 => [b".//", path.as_slice()].concat(),
            5 => [b"../", path.as_slice()].concat(),
            _ => path,
        }
    }

    fn whiteout(&mut self) {
        let known = if self.random.one_in(5) { self.path() } else { self.known(false, &[]) };
        let Some(path) = known else { return };
        let (folder, name) = path.iter().rposition(|&byte| byte == b'/').map_or((&[][..], &path[..]), |at| (&path[..at], &path[at + 1..]));
        if name.len() <= 251 {
            self.beside(folder, &[b".wh.", name].concat());
            // Now and then it is named once more all the same.
            if !self.random.one_in(20) {
                self.lower.retain(|name, _| *name != path && !above(name).any(|part| part == path));
            }
        }
    }

    fn marker(&mut self, name: &[u8]) {
        let folder = self.known(false, &[Kind::Folder]).unwrap_or_default();
        self.beside(&folder, name);
        if name.ends_with(b".opq") {
            self.lower.retain(|name, _| !folder.is_empty() && !above(name).any(|part| part == folder));
        }
    }

    fn beside(&mut self, folder: &[u8], name: &[u8]) {
        let path = joined(folder, name);
        if above(&path).all(|part| self.own.get(part).is_none_or(|kind| *kind == Kind::Folder)) {
            self.write(Kind::File, &path, b"");
        }
    }

    fn write(&mut self, kind: Kind, path: &[u8], link: &[u8]) {
        let random = &mut self.random;
        let mode = random.of(&[0o644, 0o755, 0o4755, 0o2711, 0o1777, 0o000, 0o7777, 0o600]);
        let owners: [u64; 7] = [0, 0, 1000, 65_534, 2_097_151, 2_097_152, 4_294_967_294];
        let (user, group) = (random.of(&owners), random.of(&owners));
        let times = [0, 1, -1, -62_135_596_800, 1_700_000_000, 4_294_967_295, 4_294_967_296, 8_204_889_600, 9_223_372_036, 9_223_372_037];
        let mtime: i64 = if random.one_in(3) { random.of(&times) } else { random.below(2_000_000_000) as i64 };
        // One is larger than a block of the disk.
        let sizes = if random.one_in(20) { [140_000; 6] } else { [0, 1, 5, 511, 512, 513] };
        let size = if kind == Kind::File && !path_is_marker(path) { random.of(&sizes) } else { 0 };
        let fill = random.below(4) as u8;
        let content: Vec<u8> = (0..size).map(|at| fill.wrapping_mul((at / 7) as u8)).collect();
        let device = if matches!(kind, Kind::Character | Kind::Block) {
            (random.of(&[1, 4095]), random.of(&[0, 255, 256, 1_048_575]))
        } else {
            (0, 0)
        };
        let gnu = random.one_in(2);
        let mut records = Vec::new();
        if path.len() > 100 {
            if gnu { self.long(b'L', path) } else { record(&mut records, b"path", path) }
        }
        if link.len() > 100 {
            if gnu { self.long(b'K', link) } else { record(&mut records, b"linkpath", link) }
        }
        for (key, value) in [("uid", user as i64), ("gid", group as i64), ("mtime", mtime)] {
            if !gnu && !(0..=0o7_777_777).contains(&value) {
                let fraction = if key == "mtime" && self.random.one_in(2) { ".25" } else { "" };
                record(&mut records, key.as_bytes(), format!("{value}{fraction}").as_bytes());
            }
        }
        if self.random.one_in(4) && link.is_empty() {
            let value = self.random.of(&[&b"plain"[..], b"", b"\0\n=\xfe\xff", &[b'v'; 3000]]);
            record(&mut records, b"SCHILY.xattr.user.one", value);
        }
        if self.random.one_in(5) && matches!(kind, Kind::File | Kind::HardLink) {
            record(&mut records, b"SCHILY.xattr.user.two", b"2");
        }
        if self.random.one_in(6) && kind == Kind::File {
            let capability = [1, 0, 0, 2, 0x80, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            record(&mut records, b"SCHILY.xattr.security.capability", &capability);
        }
        if self.random.one_in(6) {
            record(&mut records, b"SCHILY.xattr.trusted.overlay.opaque", b"y");
        }
        if !records.is_empty() {
            self.block(header(b'x', b"pax", b"", [0o644, 0, 0, records.len() as i64, 0], (0, 0)), &records);
        }
        self.block(header(kind as u8, path, link, [mode, user as i64, group as i64, size as i64, mtime], device), &content);
    }

    fn long(&mut self, kind: u8, name: &[u8]) {
        let content = [name, b"\0"].concat();
        self.block(header(kind, b"././@LongLink", b"", [0o644, 0, 0, content.len() as i64, 0], (0, 0)), &content);
    }

    fn block(&mut self, header: [u8; BLOCK], content: &[u8]) {
        self.tar.extend_from_slice(&header);
        self.tar.extend_from_slice(content);
        self.tar.resize(self.tar.len().next_multiple_of(BLOCK), 0);
    }
}

fn path_is_marker(path: &[u8]) -> bool {
    path.rsplit(|&byte| byte == b'/').next().is_some_and(|name| name.starts_with(b".wh."))
}

fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// The folders that a path leads through.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|&(_, &byte)| byte == b'/').map(|(at, _)| &path[..at])
}

/// @param numbers mode, owner, group, size and time: octal where that fits, else in base 256, as GNU has it
fn header(kind: u8, path: &[u8], link: &[u8], numbers: [i64; 5], device: (u32, u32)) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, &path[..path.len().min(100)]);
    put(157, &link[..link.len().min(100)]);
    for (at, length, value) in
        [(100, 8, numbers[0]), (108, 8, numbers[1]), (116, 8, numbers[2]), (124, 12, numbers[3]), (136, 12, numbers[4])]
    {
        let octal = format!("{value:0width$o}", width = length - 1);
        if value >= 0 && octal.len() < length {
            put(at, octal.as_bytes());
        } else {
            let mut bytes = i128::from(value).to_be_bytes()[16 - length..].to_vec();
            bytes[0] |= 0x80;
            put(at, &bytes);
        }
    }
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    put(329, format!("{:07o}", device.0).as_bytes());
    put(337, format!("{:07o}", device.1).as_bytes());
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

/// The length counts its own digits.
fn record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let length = (1..).map(|digits| rest + digits).find(|length| rest + length.to_string().len() == *length).unwrap();
    records.extend_from_slice(format!("{length} ").as_bytes());
    records.extend_from_slice(&[key, b"=", value, b"\n"].concat());
}
