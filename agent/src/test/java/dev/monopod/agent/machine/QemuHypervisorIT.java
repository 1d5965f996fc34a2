package dev.monopod.agent.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.agent.machine.Hypervisor.Accelerator;
import dev.monopod.agent.machine.Hypervisor.MachineConfiguration;
import dev.monopod.agent.machine.Hypervisor.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real QEMU processes under emulation, jailed as in production. Needs root and the built guest.
final class QemuHypervisorIT extends HypervisorContract {
    private static final Path GUEST = Path.of("../dist/guest").toAbsolutePath().normalize();

    @TempDir Path folder = Path.of("/nonexistent");

    @BeforeEach
    void needsRootAndAGuest() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        assumeTrue(
                Files.exists(GUEST.resolve("vmlinuz")), "skipped: guest/build.sh has not been run");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Override
    Hypervisor reborn() {
        return new QemuHypervisor(
                new QemuConfiguration(
                        GUEST.resolve("vmlinuz"),
                        GUEST.resolve("initramfs.cpio.gz"),
                        folder.resolve("data"),
                        folder.resolve("run"),
                        QemuConfiguration.DEFAULT_JAIL_USER),
                Accelerator.TCG);
    }

    @Override
    void crash(VirtualMachine machine) {
        ProcessHandle.of(machine.pid()).orElseThrow().destroyForcibly();
    }

    @Test
    void monitorRunsWithoutRightsInASessionOfItsOwn() throws IOException {
        var machine = reborn().start(machine("m-jailed"));
        try {
            var status = Files.readString(Path.of("/proc/" + machine.pid() + "/status"));
            assertThat(status)
                    .containsPattern("Uid:\\s+64055\\s+64055\\s+64055\\s+64055")
                    .containsPattern("CapBnd:\\s+0000000000000000")
                    .containsPattern("NoNewPrivs:\\s+1")
                    .containsPattern("Seccomp:\\s+2");
            assertThat(Files.readString(Path.of("/proc/" + machine.pid() + "/cgroup")))
                    .contains("/monopod/m-jailed");
        } finally {
            machine.destroy(java.time.Duration.ZERO);
        }
    }

    @Test
    void tellsQemusWordsAndLeavesNothingWhenItCannotStart() {
        var configuration =
                new MachineConfiguration(
                        "m-fails",
                        250,
                        256,
                        1L << 30,
                        List.of(Path.of("/nonexistent/image.squashfs")),
                        Optional.empty());
        assertThatThrownBy(() -> reborn().start(configuration))
                .hasMessageContaining("/nonexistent/image.squashfs");
        assertThat(folder.resolve("data/machines/m-fails")).doesNotExist();
        assertThat(folder.resolve("run/machines/m-fails")).doesNotExist();
    }
}
