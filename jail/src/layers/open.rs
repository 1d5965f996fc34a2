//! A layer's file as the tar that is in it, by its first bytes, whatever a media type says.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

const BUFFER: usize = 1 << 17;

/// 2^27 bytes of history, as every reader of zstd allows by itself.
const LARGEST_WINDOW_LOG: u32 = 27;

pub fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut file = File::open(path)?;
    let mut magic = [0; 4];
    let length = file.read(&mut magic)?;
    file.rewind()?;
    let file = BufReader::with_capacity(BUFFER, file);
    Ok(match magic[..length] {
        [0x1f, 0x8b, ..] => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(file))),
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(file)?;
            decoder.window_log_max(LARGEST_WINDOW_LOG)?;
            Box::new(BufReader::with_capacity(BUFFER, decoder))
        }
        _ => Box::new(file),
    })
}
