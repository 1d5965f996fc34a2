package dev.monopod.host.image;

import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The file that machines attach for one image. It has its final size from the start, and keeps its
/// inode when it is filled, so that a machine may have it open while it is still empty.
final class SquashfsDisk {
    private static final Logger LOG = LoggerFactory.getLogger(SquashfsDisk.class);
    private static final int HEAD = 4096;

    /// For the largest image on a slow and busy host.
    private static final Duration LIMIT = Duration.ofMinutes(30);

    private final Path file;

    /// What a disk was filled with.
    ///
    /// @param bytes of the file system, from the disk's start
    /// @param checksum CRC32C of these
    record Content(long bytes, long checksum) {}

    SquashfsDisk(Path file) {
        this.file = file;
    }

    /// Makes the empty disk, if there is none.
    void reserve() throws IOException {
        if (!Files.exists(file) || Files.size(file) != ImageStore.DISK_BYTES) {
            Files.createDirectories(file.getParent());
            try (var channel =
                    FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(new byte[1]), ImageStore.DISK_BYTES - 1);
            }
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        }
    }

    /// Fills the disk with an image; returns what is in it now. The same image gives the same
    /// bytes.
    ///
    /// @param spool folder for the file system on its way
    /// @throws IOException that says what is wrong, without words of the image
    Content fill(MergedImage image, Path spool, Room room) throws IOException {
        reserve();
        var fresh = spool.resolve("disk");
        pack(image, fresh, room);
        if (Files.size(fresh) > ImageStore.DISK_BYTES) {
            throw new IOException(
                    "the image has %d bytes, and a disk holds %d"
                            .formatted(Files.size(fresh), ImageStore.DISK_BYTES));
        }
        room.require(Files.size(fresh));
        copyInto(fresh);
        return new Content(Files.size(fresh), checksum(fresh, Files.size(fresh)));
    }

    /// Whether the disk still holds what it was filled with.
    boolean holds(Content content) throws IOException {
        return Files.size(file) == ImageStore.DISK_BYTES
                && checksum(file, content.bytes()) == content.checksum();
    }

    private static long checksum(Path file, long bytes) throws IOException {
        var checksum = new CRC32C();
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            var buffer = ByteBuffer.allocateDirect(1 << 18);
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

    private static void pack(MergedImage image, Path target, Room room) throws IOException {
        // lz4: read under emulation far more often than it is written. No time of making, so that
        // the same layers give the same disk.
        var sqfstar =
                Program.of(
                                LIMIT,
                                "sqfstar",
                                "-quiet",
                                "-no-progress",
                                "-mkfs-time",
                                "0",
                                "-mem",
                                "256M",
                                "-root-mode",
                                "0755",
                                "-comp",
                                "lz4",
                                target.toString())
                        .withInput(out -> image.writeTo(room.watch(out)));
        switch (new HostPrograms().run(sqfstar)) {
            case Outcome.Ended ended when ended.succeeded() -> {}
            // Its words may be those of an entry, and become an event.
            case Outcome.Ended ended -> {
                LOG.warn("sqfstar failed with exit code {}: {}", ended.code(), ended.words());
                throw new IOException("sqfstar failed with exit code " + ended.code());
            }
            case Outcome.TooLate _ ->
                    throw new IOException(
                            "sqfstar did not end within %d minutes".formatted(LIMIT.toMinutes()));
            case Outcome.NotStarted(var reason) ->
                    throw new IOException("cannot run sqfstar: " + reason);
            // An image that can't be read says more than the program that wanted to.
            case Outcome.InputFailed(var cause) -> throw cause;
            case Outcome.Interrupted _ -> throw new IOException("interrupted");
        }
    }

    /// The head, which makes it a file system, is written last.
    private void copyInto(Path fresh) throws IOException {
        try (var from = FileChannel.open(fresh, StandardOpenOption.READ);
                var to = FileChannel.open(file, StandardOpenOption.WRITE)) {
            var size = from.size();
            to.position(HEAD);
            for (long at = HEAD; at < size; ) {
                at += from.transferTo(at, size - at, to);
            }
            to.force(false);
            var head = ByteBuffer.allocate(HEAD);
            while (head.hasRemaining() && from.read(head, head.position()) > 0) {}
            to.write(head.flip(), 0);
            to.force(false);
        }
    }
}
