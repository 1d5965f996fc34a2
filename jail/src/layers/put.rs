//! Writes a tar for `sqfstar`: pax headers where the old fields are too short, names and attributes as the bytes that they are.

use crate::tar::BLOCK;
use crate::tree::{Content, Node};
use std::io::{self, Read, Write};

const LONGEST_FIELD: usize = 100;
const MOST_IN_SEVEN_DIGITS: u64 = 0o7_777_777;
const MOST_IN_ELEVEN_DIGITS: u64 = 0o77_777_777_777;

pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    pub fn new(out: W) -> Writer<W> {
        Writer { out }
    }

    /// Anything but a file with content.
    pub fn plain(&mut self, path: &[u8], node: &Node) -> io::Result<()> {
        match &node.content {
            Content::Folder(_) => self.headers(b'5', &[path, b"/"].concat(), b"", node, 0, (0, 0)),
            Content::SymbolicLink(target) => self.headers(b'2', path, target, node, 0, (0, 0)),
            Content::CharacterDevice(major, minor) => self.headers(b'3', path, b"", node, 0, (*major, *minor)),
            Content::BlockDevice(major, minor) => self.headers(b'4', path, b"", node, 0, (*major, *minor)),
            Content::Pipe => self.headers(b'6', path, b"", node, 0, (0, 0)),
            Content::File(_) => self.headers(b'0', path, b"", node, 0, (0, 0)),
        }
    }

    pub fn file_header(&mut self, path: &[u8], node: &Node, size: u64) -> io::Result<()> {
        self.headers(b'0', path, b"", node, size, (0, 0))
    }

    pub fn hard_link(&mut self, path: &[u8], first: &[u8], node: &Node) -> io::Result<()> {
        self.headers(b'1', path, first, node, 0, (0, 0))
    }

    /// What a file holds, of which its header has told the size.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    pub fn end_file(&mut self, size: u64) -> io::Result<()> {
        io::copy(&mut io::repeat(0).take(size.next_multiple_of(BLOCK as u64) - size), &mut self.out).map(drop)
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()
    }

    /// As GNU has it: of a `linkpath` in a pax header, sqfstar leaves out what is before the first name, such as `/` and `../`.
    fn long_link(&mut self, link: &[u8], node: &Node) -> io::Result<()> {
        let length = link.len() as u64 + 1;
        self.out.write_all(&header(b'K', b"././@LongLink", b"", &bare(node), length, (0, 0)))?;
        self.out.write_all(link)?;
        self.out.write_all(&[0])?;
        self.end_file(length)
    }

    fn headers(&mut self, kind: u8, path: &[u8], link: &[u8], node: &Node, size: u64, device: (u32, u32)) -> io::Result<()> {
        let mut records = Vec::new();
        if path.len() > LONGEST_FIELD {
            record(&mut records, b"path", path);
        }
        if link.len() > LONGEST_FIELD {
            self.long_link(link, node)?;
        }
        for (key, value, most) in [
            ("size", size, MOST_IN_ELEVEN_DIGITS),
            ("uid", node.user.into(), MOST_IN_SEVEN_DIGITS),
            ("gid", node.group.into(), MOST_IN_SEVEN_DIGITS),
        ] {
            if value > most {
                record(&mut records, key.as_bytes(), value.to_string().as_bytes());
            }
        }
        if kind != b'1' {
            for (name, value) in &node.attributes {
                record(&mut records, &[b"SCHILY.xattr.", name.as_slice()].concat(), value);
            }
        }
        if !records.is_empty() {
            let length = records.len() as u64;
            self.out.write_all(&header(b'x', b"pax", b"", &bare(node), length, (0, 0)))?;
            self.out.write_all(&records)?;
            self.end_file(length)?;
        }
        self.out.write_all(&header(kind, path, link, node, size, device))
    }
}

fn bare(node: &Node) -> Node {
    Node { attributes: Vec::new(), content: Content::Pipe, ..*node }
}

fn header(kind: u8, path: &[u8], link: &[u8], node: &Node, size: u64, device: (u32, u32)) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let cut = |text: &[u8]| text[..text.len().min(LONGEST_FIELD)].to_vec();
    // What does not fit is in a pax header before.
    let seven = |value: u64| format!("{:07o}", if value > MOST_IN_SEVEN_DIGITS { 0 } else { value });
    let eleven = |value: u64| format!("{:011o}", if value > MOST_IN_ELEVEN_DIGITS { 0 } else { value });
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, &cut(path));
    put(100, seven(node.mode.into()).as_bytes());
    put(108, seven(node.user.into()).as_bytes());
    put(116, seven(node.group.into()).as_bytes());
    put(124, eleven(size).as_bytes());
    put(136, eleven(node.mtime.into()).as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(157, &cut(link));
    put(257, b"ustar\x0000");
    put(329, seven(device.0.into()).as_bytes());
    put(337, seven(device.1.into()).as_bytes());
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

/// The length counts its own digits.
fn record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(format!("{length} ").as_bytes());
    records.extend_from_slice(key);
    records.push(b'=');
    records.extend_from_slice(value);
    records.push(b'\n');
}
