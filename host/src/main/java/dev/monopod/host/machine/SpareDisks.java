package dev.monopod.host.machine;

import dev.monopod.host.image.ImageStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The spare disks of a running QEMU: which there are and what is in them is asked of QEMU itself,
/// so an agent that was killed need not remember. Source: QEMU's QMP reference, `blockdev-add` and
/// `blockdev-reopen`.
final class SpareDisks {
    private static final String PREFIX = "spare-";

    private final Qmp qmp;

    SpareDisks(Qmp qmp) {
        this.qmp = qmp;
    }

    /// Name of the disk of that slot among QEMU's block nodes.
    static String node(int slot) {
        return PREFIX + slot;
    }

    /// QEMU's option for a disk of an image's size that reads as zeros.
    static String empty(int slot) {
        return "driver=raw,node-name=%s,read-only=on,file.driver=null-co,file.read-zeroes=on,file.size=%d"
                .formatted(node(slot), ImageStore.DISK_BYTES);
    }

    /// @return the slot that holds the file now
    /// @throws MachineException when none is free
    int insert(Path file) throws IOException {
        var nodes = files();
        var slots =
                nodes.keySet().stream()
                        .filter(name -> name.startsWith(PREFIX))
                        .map(name -> Integer.parseInt(name.substring(PREFIX.length())))
                        .sorted()
                        .toList();
        for (int slot : slots) {
            if (file.toString().equals(nodes.get(node(slot)))) {
                return slot;
            }
        }
        for (int slot : slots) {
            var left = nodes.get(content(slot));
            if (left == null || !left.equals(nodes.get(node(slot)))) {
                fill(slot, file, left != null);
                return slot;
            }
        }
        throw new MachineException(
                "a machine takes at most %d different images beyond those it was started with"
                        .formatted(slots.size()));
    }

    /// What each block node holds, by its name.
    private Map<String, String> files() throws IOException {
        var files = new HashMap<String, String>();
        for (var node : qmp.execute("query-named-block-nodes", Map.of("flat", true))) {
            files.put(node.path("node-name").asText(), node.path("file").asText());
        }
        return files;
    }

    private static String content(int slot) {
        return "content-of-" + slot;
    }

    /// @param left whether an earlier try got half way
    private void fill(int slot, Path file, boolean left) throws IOException {
        if (left) {
            qmp.execute("blockdev-del", Map.of("node-name", content(slot)));
        }
        var content =
                new HashMap<String, Object>(Map.of("driver", "file", "node-name", content(slot)));
        content.putAll(Map.of("filename", file.toString(), "read-only", true, "locking", "off"));
        qmp.execute("blockdev-add", content);
        var disk = new HashMap<String, Object>(Map.of("driver", "raw", "node-name", node(slot)));
        disk.putAll(Map.of("read-only", true, "file", content(slot)));
        qmp.execute("blockdev-reopen", Map.of("options", List.of(disk)));
    }
}
