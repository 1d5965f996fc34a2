//! What a fuzzer that looks at coverage tries of images' layers: whatever a registry serves, nothing panics (overflows included), takes
//! long or more memory than the bounds say, and what is written for `sqfstar` is a plain tar of paths below the root, each once.
//! `MONOPOD_FUZZ_TARGET` says which of [`TARGETS`].

use crate::bounds::{Bounds, LONGEST_PATH};
use crate::image::{self, Layer};
use crate::open::open;
use crate::tar::{BLOCK, Kind, Reader};
use crate::tars::{Tar, digest};
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;
use std::io::Read;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Name, what is tried, and inputs to begin with.
type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

const TARGETS: &[Target] = &[("layers", layers, layer_seeds), ("compressed", compressed, compressed_seeds), ("planted", planted, Vec::new)];

const MOST_UNPACKED_BYTES: u64 = 1 << 20;

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

/// Two layers, one after the other; their headers are given the sums that they need, which no fuzzer would guess.
fn layers(data: &[u8]) {
    let Some((blocks, tars)) = data.split_first() else { return };
    let (lower, upper) = tars.split_at((usize::from(*blocks) * BLOCK).min(tars.len()));
    merge(&[summed(lower), summed(upper)]);
}

/// One layer as it is: gzip, zstd or a tar by its first bytes.
fn compressed(data: &[u8]) {
    merge(&[data.to_vec()]);
}

fn merge(layers: &[Vec<u8>]) {
    let files: Vec<Layer> = layers.iter().enumerate().map(|(number, layer)| written(number, layer)).collect();
    let mut bounds = Bounds::default();
    (bounds.most_entries, bounds.most_path_bytes, bounds.most_unpacked_bytes) = (1000, 1 << 18, MOST_UNPACKED_BYTES);
    let mut out = Vec::new();
    match image::write(&files, bounds, &mut out) {
        Ok(()) => check(&out),
        Err(fault) => assert!(!fault.is_empty() && !fault.contains('\n') && fault.len() < 1024, "{fault:?}"),
    }
}

/// A file in memory that holds it, with the digest of what is in it.
fn written(number: usize, layer: &[u8]) -> Layer {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = PathBuf::from(std::env::var_os("MONOPOD_FUZZ_MEMORY").expect("MONOPOD_FUZZ_MEMORY, a folder in memory"));
        std::fs::create_dir_all(&folder).expect("folder");
        folder
    });
    let file = FOLDER.join(format!("layer-{number}"));
    std::fs::write(&file, layer).expect("write a layer");
    let mut content = Vec::new();
    if let Ok(opened) = open(&file) {
        let _ = opened.take(MOST_UNPACKED_BYTES + 1).read_to_end(&mut content);
    }
    Layer { file, diff_id: digest(&content) }
}

fn check(tar: &[u8]) {
    let mut reader = Reader::new(tar);
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    while let Some(entry) = reader.next().expect("a tar of our own") {
        let path = entry.path.strip_suffix(b"/").unwrap_or(&entry.path).to_vec();
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        assert!(path.len() <= LONGEST_PATH && !path.contains(&0), "{path:?}");
        assert!(path.split(|&byte| byte == b'/').all(|part| !matches!(part, b"" | b"." | b"..")), "{path:?}");
        // A folder of such a name is there if something was put into it, as with containerd.
        assert!(entry.kind == Kind::Folder || !name.starts_with(b".wh."), "{path:?}");
        if entry.kind == Kind::HardLink {
            assert!(seen.contains(&entry.link), "{path:?} links to what is not there");
        }
        let above = path.iter().rposition(|&byte| byte == b'/').map(|at| path[..at].to_vec());
        assert!(above.is_none_or(|above| seen.contains(&above)), "{path:?} lies in no folder");
        for (name, _) in &entry.attributes {
            assert!(name == b"security.capability" || name.starts_with(b"user."), "{name:?}");
        }
        assert!(seen.insert(path), "a path twice");
    }
}

/// The blocks that are headers, as far as their sizes say so, with sums that are right.
fn summed(tar: &[u8]) -> Vec<u8> {
    let mut tar = tar.to_vec();
    let mut at = 0;
    while at + BLOCK <= tar.len() {
        let block = &mut tar[at..at + BLOCK];
        if block.iter().any(|&byte| byte != 0) {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
            block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        }
        let size = std::str::from_utf8(&block[124..135]).ok().and_then(|text| u64::from_str_radix(text.trim(), 8).ok()).unwrap_or(0);
        at = usize::try_from(size.next_multiple_of(BLOCK as u64)).unwrap_or(usize::MAX).saturating_add(at + BLOCK);
    }
    tar
}

/// Must be found, in seconds, and can be only by coverage: else a silent fuzzer would be taken for good news.
fn planted(data: &[u8]) {
    if data.first() == Some(&b'f') && data.get(1) == Some(&b'i') && data.get(2) == Some(&b'n') && data.get(3) == Some(&b'd') {
        panic!("what was planted");
    }
}

fn samples() -> Vec<Vec<u8>> {
    let lower = Tar::default().folder("d/").file("d/a", "text").symbolic("l", "d").hard("h", "d/a").done();
    let upper =
        Tar::default().file("l/b", "more").gone("d/.wh.a").file("d/.wh..wh..opq", "").pax(b'x', "path", b"p/q").file("x", "y").done();
    let strange = Tar::default()
        .pax(b'x', "SCHILY.xattr.user.a", b"1")
        .raw(b'3', "null", "", b"")
        .raw(b'L', "long", "", b"e/f")
        .raw(b'6', "g", "", b"");
    vec![lower, upper, strange.done()]
}

fn layer_seeds() -> Vec<Vec<u8>> {
    let [lower, upper, strange] = samples().try_into().expect("three");
    let with = |one: &[u8], other: &[u8]| [&[(one.len() / BLOCK) as u8], one, other].concat();
    vec![with(&lower, &upper), with(&upper, &strange), with(&strange, &lower)]
}

fn compressed_seeds() -> Vec<Vec<u8>> {
    samples()
        .into_iter()
        .flat_map(|tar| {
            let mut gzip = Vec::new();
            let small = flate2::read::GzEncoder::new(tar.as_slice(), flate2::Compression::fast());
            { small }.read_to_end(&mut gzip).expect("gzip");
            [zstd::encode_all(tar.as_slice(), 1).expect("zstd"), gzip, tar]
        })
        .collect()
}
