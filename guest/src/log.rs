//! One container's output as CRI log records, in a file that holds only what no reader has acknowledged.
//! Offsets in the file are offsets in the stream: what is acknowledged becomes a hole.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::fcntl::{FallocateFlags, fallocate};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::protocol::LogChunk;
use crate::{clock, disks};

/// More than this unread holds the container back.
const UNREAD_LIMIT: u64 = 16 << 20;
/// What a reader was sent longer ago than this, it has consumed: no more than this fits into the channel's flow control windows.
const IN_FLIGHT_LIMIT: u64 = 2 << 20;
const CHUNK_SIZE: usize = 64 << 10;
const LINE_LIMIT: usize = 16 << 10;
/// Read bytes are given back to the disk in pieces of this size.
const HOLE: u64 = 256 << 10;
/// A reader is sent what came in this time in one piece: each piece costs both ends more than a thousand lines of text do.
const SEND_GAP: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy, Default)]
struct Position {
    acknowledged: u64,
    end: u64,
    closed: bool,
}

pub struct Log {
    path: PathBuf,
    file: File,
    position: watch::Sender<Position>,
}

impl Log {
    pub fn create(container_id: &str) -> io::Result<Self> {
        Self::create_at(&Path::new(disks::SCRATCH).join("logs").join(container_id))
    }

    fn create_at(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, position: watch::Sender::new(Position::default()) })
    }

    pub fn length(&self) -> u64 {
        self.position.borrow().end
    }

    pub fn unread(&self) -> u64 {
        let position = *self.position.borrow();
        position.end - position.acknowledged
    }

    /// Returns once no more records will come.
    pub async fn closed(&self) {
        let _ = self.position.subscribe().wait_for(|position| position.closed).await;
    }

    /// Adds whole records; waits while too much is unread.
    pub async fn append(&self, records: &[u8]) {
        let mut watched = self.position.subscribe();
        let room = watched.wait_for(|position| position.closed || position.end - position.acknowledged < UNREAD_LIMIT).await;
        if room.is_err() {
            return;
        }
        drop(room);
        self.position.send_modify(|position| match self.file.write_all_at(records, position.end) {
            Ok(()) => position.end += records.len() as u64,
            Err(error) => eprintln!("guest: log: {error}"),
        });
    }

    /// No more records will come.
    pub fn close(&self) {
        self.position.send_modify(|position| position.closed = true);
    }

    pub fn remove(&self) {
        self.close();
        let _ = std::fs::remove_file(&self.path);
    }

    fn acknowledge(&self, offset: u64) {
        let (mut before, mut after) = (0, 0);
        self.position.send_if_modified(|position| {
            before = position.acknowledged / HOLE * HOLE;
            let grown = offset.min(position.end) > position.acknowledged;
            if grown {
                position.acknowledged = offset.min(position.end);
            }
            after = position.acknowledged / HOLE * HOLE;
            grown
        });
        if after > before {
            let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
            let _ = fallocate(&self.file, flags, before as i64, (after - before) as i64);
        }
    }

    /// Sends chunks from the offset on until the log is closed, or with `follow` unset until what is there now is sent.
    pub async fn read(self: Arc<Self>, offset: u64, follow: bool, target: mpsc::Sender<io::Result<LogChunk>>) {
        self.acknowledge(offset);
        let mut watched = self.position.subscribe();
        let mut offset = offset.max(self.position.borrow().acknowledged);
        let mut gathering = Gathering::new(SEND_GAP);
        loop {
            let position = *watched.borrow_and_update();
            while offset < position.end {
                let mut data = vec![0; CHUNK_SIZE.min((position.end - offset) as usize)];
                let chunk = self.file.read_exact_at(&mut data, offset).map(|()| LogChunk { offset, data });
                let count = chunk.as_ref().map_or(0, |chunk| chunk.data.len() as u64);
                if target.send(chunk).await.is_err() || count == 0 {
                    return;
                }
                offset += count;
                if follow {
                    self.acknowledge(offset.saturating_sub(IN_FLIGHT_LIMIT));
                }
            }
            if position.closed || !follow {
                return;
            }
            tokio::select! {
                changed = watched.changed() => if changed.is_err() { return },
                () = target.closed() => return,
            }
            gathering.turn().await;
        }
    }
}

/// Lets what comes in many small pieces gather: the first is looked at at once, another no sooner than the gap after it.
pub struct Gathering {
    gap: Duration,
    next: Instant,
}

impl Gathering {
    pub fn new(gap: Duration) -> Self {
        Self { gap, next: Instant::now() }
    }

    /// Returns when it is time to look.
    pub async fn turn(&mut self) {
        if Instant::now() < self.next {
            sleep_until(self.next).await;
        }
        self.next = Instant::now() + self.gap;
    }
}

/// Cuts one stream's bytes into CRI records.
pub struct Records {
    stream: &'static str,
    line: Vec<u8>,
}

impl Records {
    pub fn new(stream: &'static str) -> Self {
        Self { stream, line: Vec::new() }
    }

    /// The records that these bytes complete.
    pub fn cut(&mut self, mut data: &[u8], unix_nanos: i64) -> Vec<u8> {
        let mut records = Vec::with_capacity(data.len() + 64);
        let time = clock::rfc3339(unix_nanos);
        while !data.is_empty() {
            let room = LINE_LIMIT - self.line.len();
            match data.iter().take(room + 1).position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.line.extend(&data[..end]);
                    data = &data[end + 1..];
                    self.record(&mut records, b'F', &time);
                }
                None if data.len() > room => {
                    self.line.extend(&data[..room]);
                    data = &data[room..];
                    self.record(&mut records, b'P', &time);
                }
                None => {
                    self.line.extend(data);
                    data = &[];
                }
            }
        }
        records
    }

    /// What is left of an unfinished line. As containerd marks it, so that readers add no line break of their own.
    pub fn finish(&mut self, unix_nanos: i64) -> Vec<u8> {
        let mut records = Vec::new();
        if !self.line.is_empty() {
            self.record(&mut records, b'P', &clock::rfc3339(unix_nanos));
        }
        records
    }

    fn record(&mut self, target: &mut Vec<u8>, tag: u8, time: &str) {
        target.extend(time.as_bytes());
        target.push(b' ');
        target.extend(self.stream.as_bytes());
        target.extend_from_slice(&[b' ', tag, b' ']);
        target.append(&mut self.line);
        target.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(records: Vec<u8>) -> String {
        String::from_utf8(records).expect("UTF-8")
    }

    #[test]
    fn writes_a_record_per_line() {
        let mut records = Records::new("stdout");
        assert_eq!(
            text(records.cut(b"one\ntwo\nth", 0)),
            "1970-01-01T00:00:00.000000000Z stdout F one\n1970-01-01T00:00:00.000000000Z stdout F two\n"
        );
        assert_eq!(text(records.finish(0)), "1970-01-01T00:00:00.000000000Z stdout P th\n");
        assert_eq!(text(records.finish(0)), "");
    }

    #[test]
    fn cuts_long_lines_into_partial_records() {
        let mut records = Records::new("stderr");
        let long = vec![b'x'; LINE_LIMIT + 3];
        let cut = text(records.cut(&long, 0));
        assert!(cut.contains(" stderr P xxx"));
        assert_eq!(cut.lines().count(), 1);
        assert!(text(records.cut(b"\n", 0)).ends_with(" stderr F xxx\n"));
    }

    #[tokio::test]
    async fn sends_all_and_ends_when_closed() {
        let folder = tempfile::tempdir().expect("folder");
        let log = Arc::new(Log::create_at(&folder.path().join("log")).expect("log"));
        log.append(b"abc\n").await;
        let (sender, mut receiver) = mpsc::channel(4);
        let reader = tokio::spawn(log.clone().read(0, true, sender));
        assert_eq!(receiver.recv().await.expect("chunk").expect("ok").data, b"abc\n");
        log.append(b"def\n").await;
        let second = receiver.recv().await.expect("chunk").expect("ok");
        assert_eq!((second.offset, second.data), (4, b"def\n".to_vec()));
        log.close();
        assert!(receiver.recv().await.is_none());
        reader.await.expect("reader");
    }

    #[tokio::test]
    async fn sends_lines_that_follow_each_other_together() {
        let folder = tempfile::tempdir().expect("folder");
        let log = Arc::new(Log::create_at(&folder.path().join("log")).expect("log"));
        let (sender, mut receiver) = mpsc::channel(1000);
        let reader = tokio::spawn(log.clone().read(0, true, sender));
        for _ in 0..1000 {
            log.append(b"line\n").await;
            tokio::task::yield_now().await;
        }
        log.close();
        reader.await.expect("reader");
        let (mut pieces, mut bytes) = (0, Vec::new());
        while let Some(chunk) = receiver.recv().await {
            pieces += 1;
            bytes.extend(chunk.expect("ok").data);
        }
        assert_eq!(bytes, b"line\n".repeat(1000));
        assert!(pieces < 500, "{pieces} pieces");
    }

    #[tokio::test]
    async fn holds_the_writer_back_until_acknowledged() {
        let folder = tempfile::tempdir().expect("folder");
        let log = Arc::new(Log::create_at(&folder.path().join("log")).expect("log"));
        log.append(&vec![b'x'; UNREAD_LIMIT as usize]).await;
        let writer = log.clone();
        let mut blocked = tokio::spawn(async move { writer.append(b"more\n").await });
        assert!(tokio::time::timeout(std::time::Duration::from_millis(50), &mut blocked).await.is_err());
        log.acknowledge(UNREAD_LIMIT);
        blocked.await.expect("written");
        assert_eq!(log.length(), UNREAD_LIMIT + 5);
    }
}
