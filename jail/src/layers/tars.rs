//! Makes small tars, and says what a merged one holds.

use crate::bounds::Bounds;
use crate::image::{self, Layer};
use crate::tar::{BLOCK, Kind, Reader};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Default)]
pub struct Tar(Vec<u8>);

pub fn header(kind: u8, name: &[u8], link: &[u8], size: u64, mtime: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name);
    put(100, b"0000644");
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size:011o}").as_bytes());
    put(136, mtime);
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link);
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

impl Tar {
    pub fn raw(mut self, kind: u8, name: &str, link: &str, content: &[u8]) -> Tar {
        self.0.extend_from_slice(&header(kind, name.as_bytes(), link.as_bytes(), content.len() as u64, b"00000000000"));
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
        self
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Tar {
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn file(self, name: &str, content: &str) -> Tar {
        self.raw(b'0', name, "", content.as_bytes())
    }

    pub fn folder(self, name: &str) -> Tar {
        self.raw(b'5', name, "", b"")
    }

    pub fn hard(self, name: &str, target: &str) -> Tar {
        self.raw(b'1', name, target, b"")
    }

    pub fn symbolic(self, name: &str, target: &str) -> Tar {
        self.raw(b'2', name, target, b"")
    }

    pub fn gone(self, name: &str) -> Tar {
        self.file(name, "")
    }

    /// An extended header with one record.
    pub fn pax(self, kind: u8, key: &str, value: &[u8]) -> Tar {
        let rest = key.len() + value.len() + 3;
        let length = rest
            + if rest > 97 {
                3
            } else if rest > 8 {
                2
            } else {
                1
            };
        self.raw(kind, "pax", "", &[format!("{length} {key}=").as_bytes(), value, b"\n"].concat())
    }

    pub fn done(self) -> Vec<u8> {
        [self.0, vec![0; 2 * BLOCK]].concat()
    }
}

/// The merged tar.
pub fn merged(layers: Vec<Vec<u8>>, bounds: Bounds) -> Result<Vec<u8>, String> {
    let digests = layers.iter().map(|layer| digest(layer)).collect::<Vec<_>>();
    merged_as(layers, &digests, bounds)
}

pub fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// @param digests of the layers without compression
pub fn merged_as(layers: Vec<Vec<u8>>, digests: &[String], bounds: Bounds) -> Result<Vec<u8>, String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("monopod-layers-{}-{number}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let layers: Vec<Layer> = layers
        .into_iter()
        .zip(digests)
        .enumerate()
        .map(|(number, (bytes, digest))| {
            let file = folder.join(number.to_string());
            std::fs::write(&file, bytes).unwrap();
            Layer { file, diff_id: digest.clone() }
        })
        .collect();
    let mut out = Vec::new();
    let result = image::write(&layers, bounds, &mut out);
    std::fs::remove_dir_all(&folder).unwrap();
    result.map(|()| out)
}

/// Names with what they are: `a=CONTENT`, `d/`, `l->TARGET`, `h=>FIRST`; sorted.
pub fn listed(layers: Vec<Tar>) -> Result<String, String> {
    let tar = merged(layers.into_iter().map(Tar::done).collect(), Bounds::default())?;
    let mut reader = Reader::new(tar.as_slice());
    let mut all = Vec::new();
    while let Some(entry) = reader.next()? {
        let mut content = String::new();
        reader.read_to_string(&mut content).map_err(|error| error.to_string())?;
        let (path, link) = (entry.path.escape_ascii().to_string(), entry.link.escape_ascii().to_string());
        all.push(match entry.kind {
            Kind::Folder => path,
            Kind::SymbolicLink => format!("{path}->{link}"),
            Kind::HardLink => format!("{path}=>{link}"),
            _ => format!("{path}={content}"),
        });
    }
    all.sort();
    Ok(all.join(" "))
}
