//! Merges the layers of one image and has `sqfstar` pack them: all that reads hostile bytes. Runs in a jail (`monopod-jail`) that shows it
//! the layers' files, the disk to write and the programs of `/usr`, nothing else; unpacks nothing to files.
//!
//! Says on its error output, in one sentence without line breaks, why an image cannot be packed; the agent holds that for a stranger's words.

#![cfg_attr(fuzzing, no_main, allow(dead_code))]

mod ahead;
mod bounds;
#[cfg(fuzzing)]
#[path = "../../fuzz/targets.rs"]
mod fuzz;
mod image;
mod limits;
mod open;
mod pack;
mod paths;
mod pax;
mod put;
mod tar;
#[cfg(any(test, fuzzing))]
mod tars;
#[cfg(test)]
mod tests;
mod tree;

use bounds::Bounds;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// A sentence: what is wrong with the image.
pub(crate) type Fault = String;

fn main() -> ExitCode {
    match run(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

/// Reads `DISK MOST-BYTES [LAYER DIFF-ID]...`, bottom layer first.
fn run(mut line: impl Iterator<Item = OsString>) -> Result<(), Fault> {
    let usage = "usage: monopod-layers DISK MOST-BYTES [LAYER DIFF-ID]...";
    let disk = PathBuf::from(line.next().ok_or(usage)?);
    let most = line.next().and_then(|text| text.to_str()?.parse().ok()).ok_or(usage)?;
    let mut layers = Vec::new();
    while let Some(file) = line.next() {
        let diff_id = line.next().and_then(|text| text.into_string().ok()).ok_or(usage)?;
        layers.push(image::Layer { file: file.into(), diff_id });
    }
    limits::impose(most)?;
    pack::pack(&disk, |out| image::write(&layers, Bounds::default(), out))
}
