//! The kernel settings that a kubelet makes on its node, which programs rely on.

use std::fs;
use std::path::Path;

/// Those of kubelet's container manager: memory is promised to whoever asks, as databases need it for their forks; and a kernel that is
/// broken ends the machine instead of running on.
const SETTINGS: [(&str, &str); 6] = [
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
];

/// Makes them all. A kernel that lacks one runs pods all the same.
pub fn set_defaults() {
    for error in write_all(Path::new("/proc/sys")) {
        eprintln!("guest: kernel setting {error}");
    }
}

/// What could not be written, and why.
fn write_all(root: &Path) -> Vec<String> {
    let write = |(name, value): &(&str, &str)| fs::write(root.join(name), value).err().map(|error| format!("{name}: {error}"));
    SETTINGS.iter().filter_map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_after_a_setting_that_the_kernel_does_not_have() {
        let folder = tempfile::tempdir().expect("folder");
        fs::create_dir_all(folder.path().join("kernel/keys")).expect("folders");
        let failed = write_all(folder.path());
        assert_eq!(failed.len(), 2, "{failed:?}");
        assert!(failed[0].starts_with("vm/overcommit_memory: No such file"), "{failed:?}");
        assert_eq!(fs::read_to_string(folder.path().join("kernel/keys/root_maxbytes")).expect("written"), "25000000");
    }
}
