package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.machine.Hypervisor.Programs;
import dev.monopod.host.program.HostPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProgramVersionsTest {
    @TempDir private Path guest;

    @Test
    void readsWhatQemuSaysOfItself() {
        assertThat(
                        ProgramVersions.version(
                                """
                                QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)
                                Copyright (c) 2003-2022 Fabrice Bellard
                                """))
                .contains("7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)");
        assertThat(ProgramVersions.version("no such thing")).isEmpty();
    }

    @Test
    void aReplacedGuestIsAnotherVersionAndAMissingOneNone() throws IOException {
        Assumptions.assumeTrue(Files.isExecutable(QemuConfiguration.QEMU), "no QEMU");
        var versions =
                new ProgramVersions(
                        new QemuConfiguration(guest, guest, guest, QemuConfiguration.Clones.OFF),
                        new HostPrograms());
        assertThat(versions.programs()).isEmpty();

        Files.writeString(guest.resolve("vmlinuz"), "kernel");
        Files.writeString(guest.resolve("initramfs.cpio.gz"), "first");
        var first = versions.programs().orElseThrow();
        assertThat(versions.programs()).contains(first);
        var other = Files.writeString(guest.resolve("other"), "second one");
        Files.move(other, guest.resolve("initramfs.cpio.gz"), StandardCopyOption.REPLACE_EXISTING);

        assertThat(versions.programs().map(Programs::kernel)).contains(first.kernel());
        assertThat(versions.programs().map(Programs::qemu)).contains(first.qemu());
        assertThat(versions.programs().map(Programs::guest))
                .isNotEqualTo(Optional.of(first.guest()));
    }
}
