package dev.monopod.host.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.host.file.OwnFile.Found;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnFileTest {
    private static final Clock CLOCK =
            Clock.fixed(Instant.parse("2026-11-28T19:00:00Z"), ZoneOffset.UTC);

    @TempDir Path folder;

    @Test
    void readsWhatWasWritten() throws IOException {
        var file = file(FileWriter.real());

        file.replace(bytes("7"));

        assertThat(file.read(OwnFileTest::number)).isEqualTo(new Found.Whole<>(7));
        assertThat(names()).containsExactly("number");
    }

    @Test
    void tellsAnAbsentFileFromADamagedOne() throws IOException {
        assertThat(file(FileWriter.real()).read(OwnFileTest::number))
                .isEqualTo(new Found.Absent<>());
    }

    @Test
    void setsADamagedFileAside() throws IOException {
        Files.writeString(path(), "seven");

        assertThat(file(FileWriter.real()).read(OwnFileTest::number))
                .isEqualTo(new Found.Damaged<>());

        assertThat(names()).containsExactly("number.damaged-20261128T190000Z");
        assertThat(folder.resolve("number.damaged-20261128T190000Z")).hasContent("seven");
    }

    @Test
    void keepsTheContentOfBeforeAndNoHalfFileWhenTheDiskIsFull() throws IOException {
        file(FileWriter.real()).replace(bytes("7"));
        var full =
                file((file, content) -> {
                    Files.write(file, new byte[] {content[0]});
                    throw new FileSystemException(file.toString(), null, "No space left on device");
                });

        assertThatThrownBy(() -> full.replace(bytes("12345")))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot write " + path() + ": No space left on device");

        assertThat(path()).hasContent("7");
        assertThat(names()).containsExactly("number");
    }

    private OwnFile file(FileWriter writer) {
        return new OwnFile(path(), CLOCK, writer);
    }

    private Path path() {
        return folder.resolve("number");
    }

    private List<String> names() throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static int number(byte[] content) {
        return Integer.parseInt(new String(content, StandardCharsets.UTF_8));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
