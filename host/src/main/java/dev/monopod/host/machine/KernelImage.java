package dev.monopod.host.machine;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Reads the release of an x86 kernel image from its boot header (Documentation/arch/x86/boot.rst,
/// `kernel_version`).
public final class KernelImage {
    private static final int POINTER = 0x20E;
    private static final int BASE = 0x200;
    private static final int LONGEST = 128;

    private KernelImage() {}

    /// The release, for example `6.1.0-40-cloud-amd64`; empty when the file does not say.
    public static String release(Path image) {
        try (var file = new RandomAccessFile(image.toFile(), "r")) {
            file.seek(POINTER);
            var pointer = file.read() | file.read() << 8;
            if (pointer <= 0) {
                return "";
            }
            var text = new byte[LONGEST];
            file.seek(pointer + (long) BASE);
            var count = Math.max(0, file.read(text));
            var line = new String(text, 0, count, StandardCharsets.US_ASCII);
            var end = line.indexOf(' ');
            return end > 0 ? line.substring(0, end) : "";
        } catch (IOException e) {
            return "";
        }
    }
}
