package dev.monopod.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SmallDiskIT {
    private static final int BYTES = 64 << 10;

    @TempDir Path folder = Path.of("/nonexistent");

    @Test
    void refusesWritesWhileItIsFull() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        try (var disk = SmallDisk.at(folder, BYTES)) {
            var file = folder.resolve("record.json");
            disk.fill();
            assertThatThrownBy(() -> Files.write(file, new byte[BYTES / 2]))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("No space left on device");

            disk.free();
            Files.write(file, new byte[BYTES / 2]);
        }
        assertThat(folder).isEmptyDirectory();
    }
}
