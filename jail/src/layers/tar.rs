//! Reads a tar entry by entry: POSIX, pax, GNU and old. Fails where readers differ, or where memory would be taken without end.

use crate::Fault;
use crate::bounds::LONGEST_PATH;
use crate::pax::Pax;
use std::io::{self, ErrorKind, Read};

pub const BLOCK: usize = 512;

/// Of headers that describe one entry, together.
const MOST_HEADER_BYTES: u64 = 1 << 20;
const MOST_HEADERS: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    File,
    HardLink,
    SymbolicLink,
    CharacterDevice,
    BlockDevice,
    Folder,
    Pipe,
}

/// One entry, as it stands in the tar: names are bytes.
#[derive(Debug)]
pub struct Entry {
    pub path: Vec<u8>,
    pub kind: Kind,
    /// The twelve bits of permissions.
    pub mode: u32,
    pub user: u64,
    pub group: u64,
    pub mtime: i64,
    pub link: Vec<u8>,
    pub device: (u64, u64),
    pub size: u64,
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Entry {
    /// What names and attributes take in memory.
    pub fn named_bytes(&self) -> usize {
        let attributes: usize = self.attributes.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.path.len() + self.link.len() + attributes
    }
}

pub struct Reader<R> {
    inner: R,
    /// Of the entry that was returned last, with its padding.
    left: u64,
    content_left: u64,
}

impl<R: Read> Reader<R> {
    pub fn new(inner: R) -> Reader<R> {
        Reader { inner, left: 0, content_left: 0 }
    }

    /// The next entry; what is left of the one before is passed over. None at the end, which is two empty blocks or that of the stream.
    pub fn next(&mut self) -> Result<Option<Entry>, Fault> {
        self.pass_over()?;
        let mut pax = Pax::default();
        let mut long_path = None;
        let mut long_link = None;
        let mut described = 0;
        let mut bytes = 0;
        loop {
            let Some(header) = self.header()? else {
                return if described == 0 { Ok(None) } else { Err("it ends after the header of an entry".into()) };
            };
            let size = number(&header[124..136]).and_then(|size| u64::try_from(size).ok()).ok_or("an entry has a size that is none")?;
            match header[156] {
                b'x' | b'X' | b'g' | b'L' | b'K' => {
                    described += 1;
                    bytes += size.min(MOST_HEADER_BYTES + 1);
                    if bytes > MOST_HEADER_BYTES || described > MOST_HEADERS {
                        return Err(format!(
                            "an entry has more than {MOST_HEADER_BYTES} bytes of headers, or more than {MOST_HEADERS} of them"
                        ));
                    }
                    let content = self.content_of(size)?;
                    match header[156] {
                        b'g' => Pax::check_global(&content)?,
                        b'L' => long_path = Some(text(&content).to_vec()),
                        b'K' => long_link = Some(text(&content).to_vec()),
                        _ => pax.read(&content)?,
                    }
                }
                _ => return self.entry(&header, size, pax, long_path, long_link).map(Some),
            }
        }
    }

    fn entry(
        &mut self,
        header: &[u8; BLOCK],
        size: u64,
        pax: Pax,
        long_path: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
    ) -> Result<Entry, Fault> {
        let path = pax.path.or(long_path).unwrap_or_else(|| header_path(header));
        let link = pax.link.or(long_link).unwrap_or_else(|| text(&header[157..257]).to_vec());
        let size = pax.size.unwrap_or(size);
        let named = |what: &str| format!("{}: {what}", quoted(&path));
        let kind = match header[156] {
            // Of an old tar, which had no type for folders.
            0 if path.ends_with(b"/") && size == 0 => Kind::Folder,
            b'0' | 0 | b'7' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::SymbolicLink,
            b'3' => Kind::CharacterDevice,
            b'4' => Kind::BlockDevice,
            b'5' => Kind::Folder,
            b'6' => Kind::Pipe,
            b'S' => return Err(named("it is a sparse file")),
            other => return Err(named(&format!("it is of a type that is not known, {other}"))),
        };
        if kind != Kind::File && size != 0 {
            return Err(named("it is no file and has content"));
        }
        let field = |from: usize, to: usize, what: &str| {
            number(&header[from..to]).ok_or_else(|| format!("{}: its {what} is no number", quoted(&path)))
        };
        let owner = |pax: Option<u64>, from: usize, what: &str| match pax {
            Some(number) => Ok(number),
            None => field(from, from + 8, what).map(|number| number as u64),
        };
        let devices = matches!(kind, Kind::CharacterDevice | Kind::BlockDevice);
        let device = if devices { (field(329, 337, "device")? as u64, field(337, 345, "device")? as u64) } else { (0, 0) };
        let entry = Entry {
            kind,
            mode: field(100, 108, "mode")? as u32 & 0o7777,
            user: owner(pax.user, 108, "owner")?,
            group: owner(pax.group, 116, "group")?,
            mtime: match pax.mtime {
                Some(mtime) => mtime,
                None => field(136, 148, "time")?,
            },
            link: if matches!(kind, Kind::HardLink | Kind::SymbolicLink) { link } else { Vec::new() },
            device,
            size,
            attributes: pax.attributes,
            path: path.clone(),
        };
        self.content_left = size;
        self.left = padded(size).ok_or_else(|| named("its size is none"))?;
        Ok(entry)
    }

    /// None at the end. Two empty blocks end a tar; one alone is the end for many writers.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>, Fault> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.inner.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err("it ends in the middle of a header".into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(&error)),
            }
        }
        if block.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        let sum: i64 = block.iter().enumerate().map(|(at, &byte)| i64::from(if (148..156).contains(&at) { b' ' } else { byte })).sum();
        if number(&block[148..156]) != Some(sum) {
            return Err("it is no tar, or a damaged one".into());
        }
        Ok(Some(block))
    }

    /// Short: bounded by the caller.
    fn content_of(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        let mut content = vec![0; padded(size).ok_or("a header has a size that is none")? as usize];
        self.inner.read_exact(&mut content).map_err(|error| unreadable(&error))?;
        content.truncate(size as usize);
        Ok(content)
    }

    fn pass_over(&mut self) -> Result<(), Fault> {
        let left = self.left;
        (self.left, self.content_left) = (0, 0);
        let passed = io::copy(&mut (&mut self.inner).take(left), &mut io::sink()).map_err(|error| unreadable(&error))?;
        if passed == left { Ok(()) } else { Err("it ends in the middle of a file".into()) }
    }
}

/// The content of the entry that was returned last.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(usize::try_from(self.content_left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let count = self.inner.read(&mut into[..most])?;
        if count == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "it ends in the middle of a file"));
        }
        self.content_left -= count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// Why a stream could not be read, without words of the system that would say nothing to a user.
pub fn unreadable(error: &io::Error) -> Fault {
    match error.kind() {
        ErrorKind::QuotaExceeded => error.to_string(),
        ErrorKind::UnexpectedEof => "it ends too early".into(),
        _ => format!("it is damaged ({error})"),
    }
}

/// A name as it may stand in a sentence: what is no plain letter is escaped, and the end of a long one is left out.
pub fn quoted(name: &[u8]) -> String {
    const MOST: usize = 120;
    let end = if name.len() > MOST { "…" } else { "" };
    format!("\"{}{end}\"", name[..name.len().min(MOST)].escape_ascii())
}

fn header_path(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(&header[..100]);
    // GNU's own format has times where POSIX has a prefix.
    let prefix = if &header[257..263] == b"ustar\0" { text(&header[345..500]) } else { &[] };
    if prefix.is_empty() { name.to_vec() } else { [prefix, name].join(&b'/') }
}

fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    &field[..end.min(LONGEST_PATH + 1)]
}

fn padded(size: u64) -> Option<u64> {
    size.checked_next_multiple_of(BLOCK as u64)
}

/// Octal text, or base 256 with a sign when the highest bit is set.
fn number(field: &[u8]) -> Option<i64> {
    if field[0] & 0x80 != 0 {
        let negative = field[0] & 0x40 != 0;
        let mut value = if negative { -1i128 } else { 0 };
        for (at, &byte) in field.iter().enumerate() {
            let byte = if at == 0 && !negative { byte & 0x7f } else { byte };
            value = value << 8 | i128::from(byte);
        }
        return i64::try_from(value).ok();
    }
    let text = field.split(|&byte| byte == 0).next().unwrap_or_default().trim_ascii();
    if text.is_empty() {
        return Some(0);
    }
    text.iter().try_fold(0i64, |value, &digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(i64::from(digit - b'0')),
        _ => None,
    })
}
