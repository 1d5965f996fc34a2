package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.file.FileWriter;
import dev.monopod.host.file.OwnFile;
import dev.monopod.host.file.OwnFile.Found;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MachineRecordTest {
    @TempDir Path folder;

    @Test
    void isReadAsItWasWritten() throws IOException {
        var record = new MachineRecord("m", 4711, 99, 250);
        record.write(file());

        assertThat(MachineRecord.read(file())).isEqualTo(new Found.Whole<>(record));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{\"id\":\"m\",\"pi",
                "\u0000\u00ff",
                "null",
                "[]",
                "{}",
                "{\"pid\":\"x\"}"
            })
    void isSetAsideWhenItIsDamaged(String damage) throws IOException {
        Files.write(path(), damage.getBytes(StandardCharsets.ISO_8859_1));

        assertThat(MachineRecord.read(file())).isEqualTo(new Found.Damaged<>());
        assertThat(path()).doesNotExist();
    }

    private OwnFile file() {
        return new OwnFile(path(), Clock.systemUTC(), FileWriter.real());
    }

    private Path path() {
        return folder.resolve("machine.json");
    }
}
