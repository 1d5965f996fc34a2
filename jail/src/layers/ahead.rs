//! Reads layers ahead of who merges them: several at once, in their order, each without its compression and to its end, so that its digest
//! is known. Content that fits into a bounded memory is kept, and need not be unpacked again.

use crate::Fault;
use crate::bounds::Bounds;
use crate::image::Layer;
use crate::open::open;
use crate::tar::{Entry, Reader, quoted, unreadable};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::io::{self, BufReader, ErrorKind, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// More than these take memory that is bounded: each holds the entries of a layer.
const MOST_AT_A_TIME: usize = 3;

const CHUNK: usize = 1 << 17;

/// A layer, read to its end or to its first fault.
pub struct Unpacked {
    pub entries: Vec<Entry>,
    pub end: Result<(), Fault>,
    /// All of it, if there was room.
    pub kept: Option<Kept>,
}

/// A layer without its compression, in pieces of one size but for the last, however small the reads were that brought them. Gives them, from
/// the first on, and frees those that it has given.
#[derive(Default)]
pub struct Kept {
    pieces: VecDeque<Vec<u8>>,
    /// Of the first piece.
    given: usize,
}

impl Kept {
    fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.pieces.back().is_none_or(|last| last.len() == CHUNK) {
                self.pieces.push_back(Vec::new());
            }
            let Some(last) = self.pieces.back_mut() else { return };
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - last.len()));
            last.extend_from_slice(now);
            bytes = later;
        }
    }
}

impl Read for Kept {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.pieces.front() else { return Ok(0) };
        let count = into.len().min(piece.len() - self.given);
        into[..count].copy_from_slice(&piece[self.given..self.given + count]);
        self.given += count;
        if self.given == piece.len() {
            self.pieces.pop_front();
            self.given = 0;
        }
        Ok(count)
    }
}

/// What the layers have together.
struct Shared {
    most_unpacked: u64,
    most_kept: u64,
    unpacked: AtomicU64,
    kept: AtomicU64,
    /// Nobody asks for more.
    over: AtomicBool,
}

/// Hands each layer over, bottom first, until one is refused.
pub fn each(layers: &[Layer], bounds: &Bounds, mut taker: impl FnMut(usize, Unpacked) -> Result<(), Fault>) -> Result<(), Fault> {
    let at_a_time = thread::available_parallelism().map_or(1, usize::from).saturating_add(1).min(MOST_AT_A_TIME);
    let shared = Shared {
        most_unpacked: bounds.most_unpacked_bytes,
        most_kept: bounds.most_kept_bytes,
        unpacked: AtomicU64::new(0),
        kept: AtomicU64::new(0),
        over: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        let mut running = VecDeque::new();
        let mut waiting = layers.iter();
        for number in 0..layers.len() {
            while running.len() < at_a_time
                && let Some(layer) = waiting.next()
            {
                let shared = &shared;
                running.push_back(scope.spawn(move || unpack(layer, bounds.clone(), shared)));
            }
            let taken = match running.pop_front().map(thread::ScopedJoinHandle::join) {
                Some(Ok(unpacked)) => taker(number, unpacked),
                _ => Err("its reader has ended".into()),
            };
            if taken.is_err() {
                shared.over.store(true, Ordering::Relaxed);
                return taken;
            }
        }
        Ok(())
    })
}

fn unpack(layer: &Layer, mut bounds: Bounds, shared: &Shared) -> Unpacked {
    let mut entries = Vec::new();
    let mut kept = None;
    let end = open(&layer.file).map_err(|error| unreadable(&error)).and_then(|raw| {
        let watched = Watched { inner: raw, shared, digest: Sha256::new(), kept: Some(Kept::default()), bytes: 0 };
        let mut watched = BufReader::with_capacity(CHUNK, watched);
        list(&mut watched, &mut bounds, &mut entries)?;
        io::copy(&mut watched, &mut io::sink()).map_err(|error| unreadable(&error))?;
        let watched = watched.into_inner();
        kept = watched.kept;
        judge(&watched.digest.finalize(), &layer.diff_id)
    });
    Unpacked { entries, end, kept }
}

/// The entry that is too many is listed too: who takes it in says so.
fn list(layer: &mut impl Read, bounds: &mut Bounds, entries: &mut Vec<Entry>) -> Result<(), Fault> {
    let mut tar = Reader::new(layer);
    while let Some(entry) = tar.next()? {
        let counted = bounds.entry(entry.named_bytes());
        entries.push(entry);
        counted?;
    }
    Ok(())
}

fn judge(digest: &[u8], expected: &str) -> Result<(), Fault> {
    let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if expected.strip_prefix("sha256:") == Some(&found) {
        return Ok(());
    }
    Err(format!("it is sha256:{found}, and the configuration says {}", quoted(expected.as_bytes())))
}

/// Counts, sums up and keeps what is read.
struct Watched<'s, R> {
    inner: R,
    shared: &'s Shared,
    digest: Sha256,
    kept: Option<Kept>,
    /// That are kept.
    bytes: u64,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.shared.over.load(Ordering::Relaxed) {
            return Err(io::Error::new(ErrorKind::BrokenPipe, "nobody asks for it any more"));
        }
        let count = self.inner.read(into)?;
        let unpacked = self.shared.unpacked.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        if unpacked > self.shared.most_unpacked {
            let words = format!("the layers have more than {} bytes without compression", self.shared.most_unpacked);
            return Err(io::Error::new(ErrorKind::QuotaExceeded, words));
        }
        self.digest.update(&into[..count]);
        self.keep(&into[..count]);
        Ok(count)
    }
}

impl<R> Watched<'_, R> {
    fn keep(&mut self, piece: &[u8]) {
        let Some(kept) = &mut self.kept else { return };
        let length = piece.len() as u64;
        if self.shared.kept.fetch_add(length, Ordering::Relaxed) + length <= self.shared.most_kept {
            self.bytes += length;
            kept.add(piece);
        } else {
            self.shared.kept.fetch_sub(length + self.bytes, Ordering::Relaxed);
            self.kept = None;
        }
    }
}
