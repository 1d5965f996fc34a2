package dev.monopod.host.machine;

/// Decides whether the copies of a template have its memory in common, or read it into memory of
/// their own. Pure.
///
/// A template whose memory is shared takes its whole size, where one that is read takes what was
/// written in it, about 100 MiB; each copy then takes about 120 MiB less. So a machine of 0.5 GiB
/// is paid for by five copies, one of 1 GiB by nine, and larger ones by more than come together.
///
/// @param sharedMebiBytes what templates and copies share already
record Sharing(HostMemory host, long sharedMebiBytes) {
    static final long LARGEST_MEBIBYTES = 1024;

    /// The host could give each of so many copies all of its memory.
    static final long COPIES = 8;

    /// One part in so many of the host is what all templates share at most: an old one stays as
    /// long as any copy of it runs.
    static final long PART = 8;

    /// @param provisioned memory of the machine, as pods know it
    boolean allows(long provisioned) {
        var size = QemuCommand.memoryMebiBytes(provisioned);
        return provisioned <= LARGEST_MEBIBYTES
                && size * COPIES <= host.availableMebiBytes()
                && sharedMebiBytes + size <= host.totalMebiBytes() / PART;
    }
}
