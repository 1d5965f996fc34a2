package dev.monopod.host.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// The file that machines attach for one image. It has its final size from the start, and keeps its
/// inode when it is filled, so that a machine may have it open while it is still empty.
final class SquashfsDisk {
    private static final int HEAD = 4096;
    private static final int CHUNK = 1 << 18;

    private final Path file;

    /// What a disk was filled with.
    ///
    /// @param bytes of the file system, from the disk's start
    /// @param checksum CRC32C of these
    record Content(long bytes, long checksum) {}

    SquashfsDisk(Path file) {
        this.file = file;
    }

    /// Makes the empty disk, if there is none; leaves none that is half made.
    void reserve() throws IOException {
        var there = Files.exists(file);
        try {
            extend();
        } catch (IOException e) {
            if (!there) {
                Files.deleteIfExists(file);
            }
            throw e;
        }
    }

    private void extend() throws IOException {
        if (!Files.exists(file) || Files.size(file) != ImageStore.DISK_BYTES) {
            Files.createDirectories(file.getParent());
            try (var channel =
                    FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(new byte[1]), ImageStore.DISK_BYTES - 1);
            }
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        }
    }

    /// Fills the disk with a packed image; returns what is in it now. If that fails, a disk that
    /// was empty is so again and holds no room, and one that was not there is not there.
    Content fill(Path packed, Room room) throws IOException {
        var size = Files.size(packed);
        if (size > ImageStore.DISK_BYTES) {
            throw new IOException(
                    "the image has %d bytes, and a disk holds %d"
                            .formatted(size, ImageStore.DISK_BYTES));
        }
        room.require(size);
        var there = Files.exists(file);
        reserve();
        var empty = isEmpty();
        var full = false;
        try {
            var content = new Content(size, copyInto(packed));
            full = true;
            return content;
        } finally {
            if (!full && empty) {
                undo(there);
            }
        }
    }

    /// Whether no image was ever in it: the head is written last.
    private boolean isEmpty() throws IOException {
        try (var in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(HEAD), new byte[HEAD]);
        }
    }

    /// A machine may have a disk from before open, so that keeps its inode.
    private void undo(boolean there) throws IOException {
        if (!there) {
            Files.deleteIfExists(file);
            return;
        }
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(0);
        }
        extend();
    }

    /// Whether the disk still holds what it was filled with.
    boolean holds(Content content) throws IOException {
        return Files.size(file) == ImageStore.DISK_BYTES
                && checksum(file, content.bytes()) == content.checksum();
    }

    private static long checksum(Path file, long bytes) throws IOException {
        var checksum = new CRC32C();
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            var buffer = ByteBuffer.allocateDirect(CHUNK);
            for (var left = bytes; left > 0; ) {
                buffer.clear().limit((int) Math.min(left, buffer.capacity()));
                var count = channel.read(buffer);
                if (count < 0) {
                    break;
                }
                left -= count;
                checksum.update(buffer.flip());
            }
        }
        return checksum.getValue();
    }

    /// The head, which makes it a file system, is written last. Nothing waits for the storage:
    /// every process checks a disk before it uses it, so what a loss of power takes is pulled
    /// again.
    ///
    /// @return checksum of what was copied
    private long copyInto(Path fresh) throws IOException {
        try (var from = FileChannel.open(fresh, StandardOpenOption.READ);
                var to = FileChannel.open(file, StandardOpenOption.WRITE)) {
            var head = ByteBuffer.allocate(HEAD);
            while (head.hasRemaining() && from.read(head) >= 0) {}
            head.flip();
            var checksum = new CRC32C();
            checksum.update(head.duplicate());
            to.position(HEAD);
            var buffer = ByteBuffer.allocateDirect(CHUNK);
            while (from.read(buffer.clear()) >= 0) {
                checksum.update(buffer.flip());
                to.write(buffer.rewind());
            }
            to.write(head, 0);
            return checksum.getValue();
        }
    }
}
