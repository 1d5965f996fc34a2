//! Names of entries as paths within the image.

use crate::Fault;
use crate::bounds::{DEEPEST_PATH, LONGEST_NAME, LONGEST_PATH};
use crate::tar::quoted;

/// The parts of a name: no empty ones, no `.`, and each `..` takes back the one before, by the text alone and never beyond the root, as
/// containerd does. None for the root. Fails for what no file system has.
pub fn parts(name: &[u8]) -> Result<Vec<&[u8]>, Fault> {
    let told = |what: String| format!("{}: {what}", quoted(name));
    if name.len() > LONGEST_PATH {
        return Err(told(format!("its path has more than {LONGEST_PATH} bytes")));
    }
    if name.contains(&0) {
        return Err(told("its path has a byte 0".into()));
    }
    let mut parts = Vec::new();
    for part in name.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            _ if part.len() > LONGEST_NAME => return Err(told(format!("a name in its path has more than {LONGEST_NAME} bytes"))),
            _ => parts.push(part),
        }
    }
    if parts.len() > DEEPEST_PATH {
        return Err(told(format!("it lies more than {DEEPEST_PATH} folders deep")));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn cleans_a_path_by_its_text() {
        for (name, expected) in
            [("a/../b", "b"), ("./a//b/.", "a/b"), ("/x/y/../../z", "z"), ("", ""), ("./", ""), ("a/..", ""), ("../../a/../../b", "b")]
        {
            assert_eq!(parts(name.as_bytes()).unwrap().join(&b'/'), expected.as_bytes(), "{name}");
        }
    }

    #[test]
    fn refuses_what_fits_no_file_system() {
        let deep = "d/".repeat(129);
        let long = "l".repeat(256);
        for (name, words) in [(deep.as_str(), "folders deep"), (&long, "255 bytes"), ("a\0b", "byte 0")] {
            let fault = parts(name.as_bytes()).unwrap_err();
            assert!(fault.contains(words), "{name}: {fault}");
        }
        assert!(parts("p/".repeat(2049).as_bytes()).unwrap_err().contains("4096 bytes"));
    }
}
