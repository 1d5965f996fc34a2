package dev.monopod.host.machine;

import java.io.IOException;
import java.util.Collection;

/// The memory of a template that machines have in common. It takes its whole size of the host,
/// once, until the template and its last copy have gone.
///
/// @param template its name, which no other has
record SharedMemory(String template, long mebiBytes) {
    SharedMemory {
        if (template.isEmpty() || template.contains(" ") || mebiBytes <= 0) {
            throw new IllegalArgumentException(
                    "not a template's memory: \"%s\" of %d MiB".formatted(template, mebiBytes));
        }
    }

    /// What all of them take, each counted once.
    static long mebiBytes(Collection<SharedMemory> seen) {
        return seen.stream().distinct().mapToLong(SharedMemory::mebiBytes).sum();
    }

    static SharedMemory parse(String line) throws IOException {
        var words = line.strip().split(" ", -1);
        try {
            if (words.length == 2) {
                return new SharedMemory(words[0], Long.parseLong(words[1]));
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("no template's memory: \"" + line + "\"", e);
        }
        throw new IOException("no template's memory: \"" + line + "\"");
    }

    @Override
    public String toString() {
        return template + " " + mebiBytes;
    }
}
