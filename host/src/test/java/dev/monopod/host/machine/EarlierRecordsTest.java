package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.host.file.FileWriter;
import dev.monopod.host.file.OwnFile;
import dev.monopod.host.file.OwnFile.Found;
import dev.monopod.host.json.OwnJson;
import dev.monopod.host.machine.AcceleratorProbe.Answer;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files of commit 5ebcc40, as it left them, and such as a later version may write.
final class EarlierRecordsTest {
    private static final MachineRecord MACHINE =
            new MachineRecord("m-0e0bddc5-2b4e-4bc2-afd9-f55c23fe3abf", 29981, 6380070, 250);

    @TempDir Path folder;

    @Test
    void readsTheRecordOfAMachine() throws IOException {
        Files.write(path(), earlier("machine.json"));

        assertThat(MachineRecord.read(file())).isEqualTo(new Found.Whole<>(MACHINE));
    }

    @Test
    void writesTheRecordOfAMachineAsBeforeSoThatOneMayGoBack() throws IOException {
        MACHINE.write(file());

        assertThat(path()).hasBinaryContent(earlier("machine.json"));
    }

    @Test
    void readsTheRecordOfAMachineThatHasMoreInIt() throws IOException {
        var text = new String(earlier("machine.json"), StandardCharsets.UTF_8);
        Files.writeString(path(), text.replace("}", ",\"numaNodes\":[0]}"));

        assertThat(MachineRecord.read(file())).isEqualTo(new Found.Whole<>(MACHINE));
    }

    @Test
    void leavesTheRecordOfAMachineOfALaterFormatWhereItIs() throws IOException {
        var text = "{\"format\":2,\"process\":{\"pid\":29981}}";
        Files.writeString(path(), text);

        assertThatThrownBy(() -> MachineRecord.read(file()))
                .isInstanceOf(OwnFile.Unreadable.class)
                .hasMessageStartingWith(
                        "cannot read "
                                + path()
                                + ": it is of format 2, written by a later version");
        assertThat(path()).hasContent(text);
    }

    @Test
    void readsWhichAcceleratorWasFound() throws IOException {
        assertThat(OwnJson.read(earlier("accelerator.json"), Answer.class, OwnJson.FIRST_FORMAT))
                .satisfies(answer -> {
                    assertThat(answer.accelerator()).isEqualTo(Accelerator.TCG);
                    assertThat(answer.circumstances()).contains("QEMU emulator version 7.2.22");
                });
    }

    private static byte[] earlier(String name) throws IOException {
        try (InputStream file =
                Objects.requireNonNull(
                        EarlierRecordsTest.class.getResourceAsStream("/earlier/" + name))) {
            return file.readAllBytes();
        }
    }

    private OwnFile file() {
        return new OwnFile(path(), Clock.systemUTC(), FileWriter.real());
    }

    private Path path() {
        return folder.resolve("machine.json");
    }
}
