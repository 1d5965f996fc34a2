package dev.monopod.cli.installation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProgramsTest {
    @TempDir private Path folder;
    private Layout layout = new Layout(Path.of("/d/dist"), Path.of("/d/data"), Path.of("/d/run"));

    @BeforeEach
    void build() throws IOException {
        layout = new Layout(folder.resolve("dist"), folder.resolve("data"), folder.resolve("run"));
        built("monopod-control-plane", "control plane");
        built("lib/monopod-agent-0.1.0.jar", "agent");
        built("guest/vmlinuz", "kernel");
        built("reports/e2e.log", "nothing that runs");
    }

    @Test
    void hasWhatProcessesReadAndNothingElse() {
        Programs programs = Programs.of(layout);

        programs.install();

        assertThat(programs.folder().resolve("monopod-control-plane")).hasContent("control plane");
        assertThat(programs.folder().resolve("guest/vmlinuz")).hasContent("kernel");
        assertThat(programs.folder().resolve("reports")).doesNotExist();
    }

    /// As Maven rebuilds one module.
    @Test
    void aJarThatIsWrittenIntoStaysAsItWas() throws IOException {
        Programs programs = Programs.of(layout);
        programs.install();

        built("lib/monopod-agent-0.1.0.jar", "another");

        assertThat(programs.jar("agent")).hasContent("agent");
    }

    @Test
    void whatABuildDeletesStays() throws IOException {
        Programs programs = Programs.of(layout);
        programs.install();

        Files.delete(layout.dist().resolve("guest/vmlinuz"));
        Files.delete(layout.controlPlane());

        assertThat(programs.folder().resolve("guest/vmlinuz")).hasContent("kernel");
        assertThat(programs.folder().resolve("monopod-control-plane")).hasContent("control plane");
    }

    @Test
    void aRebuiltFileMakesOtherPrograms() throws IOException {
        Programs before = Programs.of(layout);
        assertThat(Programs.of(layout).folder()).isEqualTo(before.folder());

        Files.setLastModifiedTime(
                layout.dist().resolve("lib/monopod-agent-0.1.0.jar"),
                FileTime.from(Instant.ofEpochSecond(1)));

        assertThat(Programs.of(layout).folder()).isNotEqualTo(before.folder());
    }

    @Test
    void onlyTheChosenStay() throws IOException {
        Programs before = Programs.of(layout);
        before.install();
        before.choose();
        built("guest/vmlinuz", "a longer kernel");
        Programs after = Programs.of(layout);
        after.install();
        assertThat(layout.supervisor()).hasContent("control plane");
        assertThat(layout.currentPrograms().toRealPath()).isEqualTo(before.folder().toRealPath());

        after.choose();

        assertThat(layout.currentPrograms().resolve("guest/vmlinuz")).hasContent("a longer kernel");
        assertThat(before.folder()).doesNotExist();
    }

    @Test
    void aCopyThatWasNotFinishedIsMadeAnew() throws IOException {
        Programs programs = Programs.of(layout);
        Path unfinished =
                folder.resolve("data/programs/" + programs.folder().getFileName() + ".new");
        Files.createDirectories(unfinished);
        Files.writeString(unfinished.resolve("monopod-control-plane"), "half of it");

        programs.install();

        assertThat(programs.folder().resolve("monopod-control-plane")).hasContent("control plane");
        assertThat(unfinished).doesNotExist();
    }

    /// A build of that time has other bytes in the same file only if it wrote into it.
    private void built(String file, String content) throws IOException {
        Path path = layout.dist().resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
    }
}
