package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.host.guest.GuestRehearsal;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.TapDevice;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.host.machine.QemuConfiguration.Clones;
import dev.monopod.host.machine.QemuHypervisor.Warm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real QEMU processes under emulation, jailed as in production. Needs root and the built guest.
final class QemuHypervisorIT extends HypervisorContract {
    private static final Path GUEST = Path.of("../dist/guest").toAbsolutePath().normalize();

    @TempDir Path folder = Path.of("/nonexistent");
    private Optional<QemuHypervisor> withWaiting = Optional.empty();

    @BeforeEach
    void needsRootAndAGuest() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        assumeTrue(
                Files.exists(GUEST.resolve("vmlinuz"))
                        && Files.exists(GUEST.resolve("monopod-jail")),
                "skipped: ./monopod build has not been run");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Override
    Hypervisor reborn() {
        return new QemuHypervisor(configuration(Clones.OFF), Accelerator.TCG, Warm.NONE);
    }

    private QemuConfiguration configuration(Clones clones) {
        return new QemuConfiguration(GUEST, folder.resolve("data"), folder.resolve("run"), clones);
    }

    @Override
    Hypervisor withWaiting() {
        withWaiting =
                Optional.of(
                        new QemuHypervisor(
                                configuration(Clones.SHARED),
                                Accelerator.TCG,
                                new Warm(1, new GuestRehearsal(Clock.systemUTC())::at)));
        withWaiting.get().expect(SIZE);
        return withWaiting.get();
    }

    @AfterEach
    void endWhatWaits() {
        withWaiting.ifPresent(QemuHypervisor::close);
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
                    .containsPattern("Uid:\\s+(1879\\d{6})(\\s+\\1){3}")
                    .containsPattern("CapBnd:\\s+0000000000000000")
                    .containsPattern("NoNewPrivs:\\s+1")
                    .containsPattern("Seccomp:\\s+2");
            assertThat(Files.readString(Path.of("/proc/" + machine.pid() + "/cgroup")))
                    .contains("/monopod/m-jailed");
        } finally {
            machine.destroy(Duration.ZERO);
        }
    }

    @Test
    void countsMemoryThatCopiesShareAsLongAsOneIsThere() throws Exception {
        var hypervisor = withWaiting();
        var machine = reserved(hypervisor).become(machine("m-shares"));
        var shared = withWaiting.orElseThrow().sharedMebiBytes();
        assertThat(shared)
                .as("nothing on a host without room")
                .isIn(0L, QemuCommand.memoryMebiBytes(SIZE.memoryMebiBytes()));
        withWaiting.get().close();
        var next = new QemuHypervisor(configuration(Clones.OFF), Accelerator.TCG, Warm.NONE);
        try {
            assertThat(next.recover()).extracting(VirtualMachine::id).containsExactly("m-shares");
            assertThat(next.sharedMebiBytes()).as("its agent has ended").isEqualTo(shared);
        } finally {
            machine.destroy(Duration.ZERO);
        }
        assertThat(next.sharedMebiBytes()).isZero();
        next.close();
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

    @Test
    void opensItsTapAndLeavesNoCgroupBehind() throws Exception {
        run("ip netns add mp-machine-it");
        try {
            run("ip -n mp-machine-it tuntap add dev mp-it mode tap user 0");
            var tap = new TapDevice("mp-machine-it", "mp-it", "02:00:00:00:00:01");
            var configuration =
                    new MachineConfiguration(
                            "m-tap", 250, 256, 1L << 30, List.of(), Optional.of(tap));
            var machine = reborn().start(configuration);
            try {
                assertThat(Files.readSymbolicLink(Path.of("/proc/" + machine.pid() + "/ns/net")))
                        .isNotEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/net")));
            } finally {
                machine.destroy(Duration.ZERO);
            }
            for (var hierarchy : List.of("", "cpu", "memory", "pids")) {
                assertThat(Path.of("/sys/fs/cgroup", hierarchy, "monopod/m-tap")).doesNotExist();
            }
        } finally {
            run("ip netns del mp-machine-it");
        }
    }

    @Test
    void monitorCannotChangeTheRecordThatNamesItsProcess() throws IOException {
        var machine = reborn().start(machine("m-record"));
        try {
            var data = folder.resolve("data/machines/m-record");
            assertThat(Files.getAttribute(data, "unix:uid")).isEqualTo(0);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                    .isEqualTo("rwx------");
        } finally {
            machine.destroy(Duration.ZERO);
        }
    }

    @Test
    void endsAMachineWhoseRecordWasNeverWritten() throws Exception {
        var machine = reborn().start(machine("m-unrecorded"));
        Files.delete(folder.resolve("data/machines/m-unrecorded/machine.json"));
        assertThat(reborn().recover()).isEmpty();
        machine.awaitExit();
        assertThat(machine.alive()).isFalse();
    }

    @Test
    void startsTwentyMachinesAtOnce() throws Exception {
        var hypervisor = reborn();
        try (var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            var starts =
                    IntStream.range(0, 20)
                            .mapToObj(i ->
                                    tasks.submit(() -> hypervisor.start(machine("m-many" + i))))
                            .toList();
            for (var start : starts) {
                assertThat(start.get().alive()).isTrue();
            }
        } finally {
            reborn().recover().forEach(machine -> machine.destroy(Duration.ZERO));
        }
        assertThat(folder.resolve("data/machines")).isEmptyDirectory();
    }

    private static void run(String command) throws Exception {
        var process = new ProcessBuilder(command.split(" ")).inheritIO().start();
        assertThat(process.waitFor()).as(command).isZero();
    }
}
