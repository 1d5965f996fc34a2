package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Layers that are made to cost the agent more than they are worth.
class HostileLayerTest {
    private static final int BLOCK = 512;

    @TempDir private Path folder;

    private ThrowingCallable merging(byte[] layer, LayerBounds bounds) throws IOException {
        var file = Files.write(folder.resolve("layer"), layer);
        var image = new MergedImage(List.of(file), List.of("sha256:" + "0".repeat(64)), bounds);
        return () -> image.writeTo(OutputStream.nullOutputStream());
    }

    private ThrowingCallable merging(byte[] layer) throws IOException {
        return merging(layer, new LayerBounds());
    }

    private static byte[] gzip(int zeros, byte[] before) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(before);
            var chunk = new byte[1 << 16];
            for (var left = zeros; left > 0; left -= chunk.length) {
                out.write(chunk, 0, Math.min(left, chunk.length));
            }
        }
        return bytes.toByteArray();
    }

    /// A header block with a right checksum.
    private static byte[] header(char type, String name, long size) {
        var block = new byte[BLOCK];
        put(block, 0, name);
        put(block, 100, "0000644\0");
        put(block, 108, "0000000\0");
        put(block, 116, "0000000\0");
        put(block, 124, "%011o\0".formatted(size));
        put(block, 136, "00000000000\0");
        put(block, 148, "        ");
        block[156] = (byte) type;
        put(block, 257, "ustar\00000");
        var sum = 0;
        for (var value : block) {
            sum += value & 0xff;
        }
        put(block, 148, "%06o\0 ".formatted(sum));
        return block;
    }

    private static void put(byte[] block, int at, String text) {
        var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, block, at, bytes.length);
    }

    private static byte[] joined(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (var part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] pax(char type, String record) {
        var text = (record.length() + 4) + " " + record + "\n";
        var length = text.getBytes(StandardCharsets.ISO_8859_1).length;
        var content = new byte[(length + BLOCK - 1) / BLOCK * BLOCK];
        put(content, 0, length + text.substring(text.indexOf(' ')));
        return joined(header(type, "pax", length), content);
    }

    @Test
    void aLayerThatUnpacksWithoutEndIsGivenUp() throws Exception {
        var bomb = gzip(64 << 20, header('0', "f", 64 << 20));

        assertThat(bomb).hasSizeLessThan(200_000);
        assertThatThrownBy(merging(bomb, new LayerBounds(10, 1 << 20)))
                .hasMessageContaining("more than 1048576 bytes without compression");
    }

    @Test
    void bytesAfterTheEndOfTheTarCountToo() throws Exception {
        assertThatThrownBy(merging(gzip(64 << 20, new byte[0]), new LayerBounds(10, 1 << 20)))
                .hasMessageContaining("more than 1048576 bytes without compression");
    }

    @Test
    void entriesWithoutEndAreGivenUp() throws Exception {
        var tar = new Tars();
        for (var i = 0; i < 11; i++) {
            tar.file("f" + i, "");
        }

        assertThatThrownBy(merging(tar.bytes(), new LayerBounds(10, 1 << 20)))
                .hasMessage("layer 0 cannot be read: its layers have more than 10 entries");
    }

    @Test
    void headersThatWouldFillTheMemoryAreNotRead() throws Exception {
        for (var type : new char[] {'x', 'g', 'L', 'K', 'X'}) {
            var bomb = gzip(16 << 20, header(type, "bomb", 16 << 20));
            var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            var before = threads.getCurrentThreadAllocatedBytes();

            assertThatThrownBy(merging(bomb))
                    .as("type %s", type)
                    .hasMessageContaining("more than 1048576 bytes of headers");

            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(4 << 20);
        }
    }

    @Test
    void headersThatDescribeHeadersWithoutEndAreGivenUp() throws Exception {
        var one = pax('x', "comment=a");
        var many = new byte[one.length * 20_000];
        for (var at = 0; at < many.length; at += one.length) {
            System.arraycopy(one, 0, many, at, one.length);
        }

        assertThatThrownBy(merging(many)).hasMessageContaining("or more than 8 of them");
    }

    @Test
    void sparseFilesAreRefused() throws Exception {
        assertThatThrownBy(merging(header('S', "f", 0))).hasMessageContaining("sparse");
        assertThatThrownBy(
                        merging(
                                joined(
                                        pax('x', "GNU.sparse.realsize=9223372036854775807"),
                                        header('0', "f", 0))))
                .hasMessageContaining("sparse");
    }

    @Test
    void sizesThatAreReadInTwoWaysAreRefused() throws Exception {
        for (var header : List.of(pax('x', "size=+5"), pax('x', "size=-5"), pax('g', "size=5"))) {
            assertThatThrownBy(merging(joined(header, header('0', "f", 0))))
                    .hasMessageContaining("a size that is none");
        }
        assertThatThrownBy(merging(header('1', "link", 512)))
                .hasMessageContaining("an entry that is no file has content");
    }

    @Test
    void pathsThatNoFileSystemHasAreRefusedWithoutTheirWords() throws Exception {
        for (var path :
                List.of("secret/".repeat(600), "secret/".repeat(200), "secret".repeat(60))) {
            assertThatThrownBy(merging(new Tars().file(path, "").bytes()))
                    .hasMessageContaining("an entry of a layer has a")
                    .hasMessageNotContaining("secret");
        }
    }

    @Test
    void noiseIsRefusedWithoutItsWords() throws Exception {
        var random = new Random(4711);
        var whole =
                new Tars()
                        .directory("secret")
                        .file("secret/a", "1", "user.secret", new byte[] {1})
                        .hardLink("secret/b", "secret/a")
                        .symbolicLink("secret/c", "secret")
                        .bytes();
        var refused = 0;
        for (var i = 0; i < 1_000; i++) {
            var layer = Arrays.copyOf(whole, whole.length);
            for (var change = random.nextInt(4); change >= 0; change--) {
                layer[random.nextInt(4096)] = (byte) random.nextInt();
            }
            var file = Files.write(folder.resolve("noise"), layer);
            try {
                new MergedImage(List.of(file), List.of(ImageManifest.digest(layer)))
                        .writeTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                refused++;
                assertThat(e.getMessage()).startsWith("layer 0 ").doesNotContain("secret");
            }
        }
        assertThat(refused).isBetween(100, 999);
    }
}
