package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is said of an image that cannot be had: one sentence, with the image, where in it the fault
/// is, and what it is.
final class ImageFaultsIT {
    private static final String IMAGE = "image \"docker.io/library/app:1\": ";

    @TempDir private Path directory;

    /// @param manifest with `CONFIG`, `LAYER` and their sizes to fill in
    /// @param words that are said of the image
    record Fault(String kind, String manifest, String config, byte[] layer, String words) {
        @Override
        public String toString() {
            return kind;
        }
    }

    private static final String MANIFEST =
            "{\"schemaVersion\":2,\"config\":{\"digest\":\"CONFIG\"},\"layers\":[{\"digest\":\"LAYER\",\"size\":SIZE}]}";

    private static String config(byte[] tar) {
        return "{\"rootfs\":{\"diff_ids\":[\"%s\"]}}".formatted(ImageManifest.digest(tar));
    }

    private static byte[] gzip(byte[] tar) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(tar);
        }
        return bytes.toByteArray();
    }

    static Stream<Fault> faults() throws IOException {
        var tar = new Tars().file("f", "content").bytes();
        var link = new Tars().hardLink("two", "one").bytes();
        var zipped = gzip(tar);
        var other = "sha256:" + "0".repeat(64);
        return Stream.of(
                new Fault(
                        "hard link without its target",
                        MANIFEST,
                        config(link),
                        link,
                        "layer 0: \"two\": it is a hard link to \"one\", which is not there"),
                new Fault(
                        "truncated layer",
                        MANIFEST,
                        config(tar),
                        Arrays.copyOf(zipped, zipped.length - 20),
                        "layer 0: it ends too early"),
                new Fault(
                        "layer that is no tar",
                        MANIFEST,
                        config(tar),
                        "BZh9".repeat(200).getBytes(StandardCharsets.UTF_8),
                        "layer 0: it is no tar, or a damaged one"),
                new Fault(
                        "layer that is not the one of the configuration",
                        MANIFEST,
                        "{\"rootfs\":{\"diff_ids\":[\"%s\"]}}".formatted(other),
                        tar,
                        "layer 0: it is %s, and the configuration says \"%s\""
                                .formatted(ImageManifest.digest(tar), other)),
                new Fault(
                        "too large",
                        MANIFEST.replace("SIZE", "20000000000"),
                        config(tar),
                        tar,
                        "its layers must have 0 to 17179869184 bytes together, and one has 20000000000"),
                new Fault(
                        "configuration that is no JSON",
                        MANIFEST,
                        "{\"rootfs\":",
                        tar,
                        "its manifest or configuration cannot be read: no JSON, or too much of it"),
                new Fault(
                        "artifact that is no image",
                        MANIFEST,
                        "{\"name\":\"chart\"}",
                        tar,
                        "it is no container image: its configuration names no layers"),
                new Fault(
                        "manifest of another kind",
                        "{\"schemaVersion\":1,\"fsLayers\":[]}",
                        "{}",
                        tar,
                        "its manifest is neither of OCI nor of Docker's schema 2"),
                new Fault(
                        "index without this platform",
                        "{\"manifests\":[{\"digest\":\"LAYER\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}]}",
                        "{}",
                        tar,
                        "no image for linux/amd64 among the 1 of it"));
    }

    @BeforeEach
    void needsRootAndTheJail() {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        assumeTrue(Files.exists(LocalRegistry.PROGRAMS), "no " + LocalRegistry.PROGRAMS);
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFaultIsToldInOneSentenceAndLeavesNoRecord(Fault fault) throws IOException {
        var archive = Files.write(directory.resolve("image.tar"), layout(fault));
        var images = directory.resolve("images");
        var store =
                new OciImageStore(
                        images, LocalRegistry.PROGRAMS, new RegistryConfiguration(List.of()));

        assertThatExceptionOfType(ImageException.class)
                .isThrownBy(() -> store.load(archive))
                .satisfies(it ->
                        assertThat(it.getMessage())
                                .startsWith("failed to ")
                                .endsWith(IMAGE + fault.words()));

        assertThat(store.all()).isEmpty();
        assertThat(images.resolve("references.json")).doesNotExist();
    }

    private static byte[] layout(Fault fault) throws IOException {
        var config = fault.config().getBytes(StandardCharsets.UTF_8);
        var manifest =
                fault.manifest()
                        .replace("CONFIG", ImageManifest.digest(config))
                        .replace("LAYER", ImageManifest.digest(fault.layer()))
                        .replace("SIZE", Integer.toString(fault.layer().length));
        var index =
                "{\"manifests\":[{\"digest\":\"%s\",\"annotations\":{\"io.containerd.image.name\":\"app:1\"}}]}"
                        .formatted(ImageManifest.digest(manifest));
        return new Tars()
                .file("index.json", index)
                .file("blobs/manifest", manifest)
                .file("blobs/config", config)
                .file("blobs/layer", fault.layer())
                .bytes();
    }
}
