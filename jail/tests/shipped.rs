//! What is in /usr, as the files of a package, can be named like any other.

use std::process::Command;
use std::{env, fs, process};

#[test]
fn a_file_that_the_host_ships_is_shown() {
    if fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).ok() != Some(0) {
        eprintln!("skipped: needs root");
        return;
    }
    let root = env::temp_dir().join(format!("mp-jail-shipped-{}", process::id()));
    fs::create_dir(&root).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_monopod-jail"))
        .args(["--user", "64999", "--root"])
        .arg(&root)
        .args(["--read", "/usr/bin/env", "--wait", "--", "/usr/bin/test", "-s", "/usr/bin/env"])
        .output()
        .unwrap();
    fs::remove_dir(&root).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
