package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.host.file.FileWriter;
import dev.monopod.host.file.OwnFile;
import dev.monopod.host.image.ImageRecords.Known;
import dev.monopod.host.image.ImageStore.ImageConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageRecordsTest {
    private static final Clock CLOCK =
            Clock.fixed(Instant.parse("2026-11-28T19:00:00Z"), ZoneOffset.UTC);
    private static final String NAME = "registry.example/app:1";
    private static final String DIGEST = "sha256:" + "a".repeat(64);
    private static final Known KNOWN =
            new Known(DIGEST, "registry.example/app@" + DIGEST, Set.of("secret"));

    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{\"registry.example/app:1\":{\"digest\":\"sha25",
                "\u0000\u0001\u0002\u00ff",
                "null",
                "7",
                "[]",
                "{\"registry.example/app:1\":null}",
                "{\"registry.example/app:1\":{}}",
                "{\"registry.example/app:1\":[1]}"
            })
    void makesADamagedTableOfReferencesAgainFromTheImages(String damage) throws IOException {
        var records = withAnImage();
        Files.write(table(), damage.getBytes(StandardCharsets.ISO_8859_1));

        assertThat(records.known(NAME)).contains(KNOWN);
        assertThat(records.all())
                .singleElement()
                .satisfies(image -> assertThat(image.references()).containsExactly(NAME));

        assertThat(folder.resolve("references.json.damaged-20261128T190000Z")).exists();
        records.remember(NAME, KNOWN);
        assertThat(table()).exists();
    }

    @Test
    void forgetsReferencesBeyondTheBoundAndThoseOfImagesThatAreHereLast() throws IOException {
        var records = withAnImage();
        var table = new StringBuilder("{\"" + NAME + "\":");
        table.append("{\"digest\":\"%s\",\"imageId\":\"app\"}".formatted(DIGEST));
        for (var i = 0; i < ImageRecords.MOST_REFERENCES; i++) {
            table.append(
                    ",\"registry.example/other:%d\":{\"digest\":\"sha256:%064d\",\"imageId\":\"x\"}"
                            .formatted(i, i));
        }
        Files.writeString(table(), table + "}");

        records.remember("registry.example/fresh:1", KNOWN);

        assertThat(records.known(NAME)).isPresent();
        assertThat(records.known("registry.example/fresh:1")).isPresent();
        assertThat(records.known("registry.example/other:7")).isEmpty();
    }

    @Test
    void keepsNoMoreThan256HoldersOfAnImage() throws IOException {
        var records = withAnImage();
        for (var i = 0; i < 300; i++) {
            records.remember(NAME, new Known(DIGEST, KNOWN.imageId(), Set.of("secret " + i)));
        }

        var holders = records.known(NAME).orElseThrow().holders();
        assertThat(holders).hasSize(256).contains("secret 299");
    }

    @Test
    void leavesTheReferenceToTheImageThatItMeansNow() throws IOException {
        var records = withAnImage();
        var other = "sha256:" + "b".repeat(64);
        store(records, other);
        var moved = new Known(other, "registry.example/app@" + other, Set.of());
        records.remember(NAME, moved);

        Files.delete(table());

        assertThat(records.known(NAME)).contains(moved);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{\"manifest\":", "null", "[]", "{\"manifest\":{}}", "{}"})
    void pullsAnImageAgainWhoseRecordIsDamaged(String damage) throws IOException {
        var records = withAnImage();
        var record = folder.resolve("disks").resolve("a".repeat(64) + ".json");
        Files.writeString(record, damage);

        assertThat(records.whole(DIGEST)).isEmpty();
        assertThat(record).doesNotExist();
    }

    @Test
    void keepsTheTableOfBeforeWhenTheDiskIsFull() throws IOException {
        withAnImage();
        var full =
                new ImageRecords(
                        folder,
                        CLOCK,
                        (file, _) -> {
                            Files.writeString(file, "{");
                            throw new FileSystemException(
                                    file.toString(), null, "No space left on device");
                        });

        assertThatThrownBy(() -> full.remember("registry.example/new:1", KNOWN))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot write " + table() + ": No space left on device");

        assertThat(full.known(NAME)).contains(KNOWN);
        assertThat(folder.resolve("references.json.new")).doesNotExist();
    }

    /// Files of commit 5ebcc40, as it left them.
    @Test
    void readsTheTableAndTheImagesOfAnEarlierVersion() throws IOException {
        var digest = "sha256:034f359a5267b2c7c60037832000dc8b6eed0b3f70c5203e024de2e50cd87dec";
        var records = withAnImage();
        var disks = folder.resolve("disks");
        copy("references.json", table());
        copy("image.json", disks.resolve(digest.substring(7) + ".json"));
        try (var disk = new RandomAccessFile(records.disk(digest).toFile(), "rw")) {
            disk.setLength(ImageStore.DISK_BYTES);
        }

        assertThat(records.known("127.0.0.1:5055/busybox:1").orElseThrow().digest())
                .isEqualTo(digest);
        assertThat(records.all())
                .anySatisfy(image -> {
                    assertThat(image.digest()).isEqualTo(digest);
                    assertThat(image.whole()).isTrue();
                    assertThat(image.bytes()).isEqualTo(1421312);
                });
    }

    @Test
    void refusesToWriteOverATableOfALaterFormat() throws IOException {
        var records = withAnImage();
        var later = "{\"format\":2,\"references\":{}}";
        Files.writeString(table(), later);

        assertThatThrownBy(() -> records.remember("registry.example/new:1", KNOWN))
                .isInstanceOf(OwnFile.Unreadable.class)
                .hasMessageContaining(table() + ": it is of format 2");

        assertThat(table()).hasContent(later);
    }

    private static void copy(String earlier, Path to) throws IOException {
        try (InputStream file =
                Objects.requireNonNull(
                        ImageRecordsTest.class.getResourceAsStream("/earlier/" + earlier))) {
            Files.copy(file, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private ImageRecords withAnImage() throws IOException {
        var records = new ImageRecords(folder, CLOCK, FileWriter.real());
        store(records, DIGEST);
        records.remember(NAME, KNOWN);
        return records;
    }

    private static void store(ImageRecords records, String digest) throws IOException {
        new SquashfsDisk(records.disk(digest)).reserve();
        records.markWhole(
                new ImageManifest(
                        digest,
                        digest,
                        List.of(),
                        List.of(),
                        new ImageConfig(
                                List.of(),
                                List.of(),
                                List.of(),
                                "",
                                "",
                                Optional.empty(),
                                Map.of(),
                                List.of())),
                new SquashfsDisk.Content(0, 0));
    }

    private Path table() {
        return folder.resolve("references.json");
    }
}
