package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.image.ImageStore;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.TapDevice;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Program;
import dev.monopod.protocol.guest.ConfigureRequest;
import dev.monopod.protocol.guest.NetworkInterface;
import dev.monopod.protocol.guest.ReadLogRequest;
import dev.monopod.protocol.guest.StartContainerRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What copies that share their template's memory cost the host, and whom. Needs root and the built
/// guest.
final class SharedMemoryIT {
    private static final Path GUEST = Path.of("../dist/guest").toAbsolutePath().normalize();
    private static final String NAMESPACE = "mp-shared-it";
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final long PROVISIONED = 512;
    private static final String CONTAINER = "c".repeat(64);

    /// Files that stay in the machine's memory, more than it has, then a process that wants all
    /// that was provisioned.
    private static final String FILL =
            "dd if=/dev/zero of=/file bs=1M count=700; dd if=/dev/zero bs=440M count=1 of=/dev/null;"
                    + " echo end";

    private final SecureRandom random = new SecureRandom();
    private final List<QemuMachine> machines = new ArrayList<>();

    @TempDir Path folder = Path.of("/nonexistent");

    @BeforeEach
    void needsRootAndAGuest() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        assumeTrue(
                Files.exists(GUEST.resolve("vmlinuz"))
                        && Files.exists(GUEST.resolve("monopod-jail")),
                "skipped: ./monopod build has not been run");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        run("ip", "netns", "add", NAMESPACE);
        run("ip", "-n", NAMESPACE, "tuntap", "add", "dev", "mp-it", "mode", "tap", "user", "0");
    }

    @AfterEach
    void removeAll() throws Exception {
        machines.forEach(machine -> machine.destroy(Duration.ZERO));
        run("ip", "netns", "delete", NAMESPACE);
    }

    @Test
    void machineThatFillsItsMemoryLivesAndItsTemplateTakesNoMore() throws Exception {
        var template = template(true);
        try (var lease = template.lease();
                var transport = new GuestChannel.Transport()) {
            var memory = lease.saved().files().getFirst();
            var size = QemuCommand.memoryMebiBytes(PROVISIONED) << 20;
            assertThat(allocated(memory)).isEqualTo(size);

            var machine = copy(lease, "m-full");
            try (var channel = new GuestChannel(machine.channel(), transport)) {
                fill(channel);
            }

            assertThat(machine.alive()).isTrue();
            assertThat(machine.group().outOfMemory()).isFalse();
            assertThat(mebiBytes(machine, "Private_Dirty:"))
                    .as("it has written nearly all of its memory")
                    .isGreaterThan(PROVISIONED);
            assertThat(allocated(memory)).isEqualTo(size);
        } finally {
            template.retire();
        }
    }

    @Test
    void copyHasOfItsOwnWhatItWritesAlone() throws Exception {
        assertThat(ownOfAnAnsweringCopy(true) + 60).isLessThan(ownOfAnAnsweringCopy(false));
    }

    private long ownOfAnAnsweringCopy(boolean shared) throws Exception {
        var template = template(shared);
        try (var lease = template.lease();
                var transport = new GuestChannel.Transport()) {
            var machine = copy(lease, "m-" + shared);
            try (var channel = new GuestChannel(machine.channel(), transport)) {
                var unused = channel.configure(this::identity, PATIENCE);
            }
            assertThat(machine.files().shared()).isEqualTo(template.shared());
            return mebiBytes(machine, "Private_Dirty:");
        } finally {
            machines.removeFirst().destroy(Duration.ZERO);
            template.retire();
        }
    }

    private Template template(boolean shared) throws Exception {
        return new TemplateMaker(
                        configuration(), launcher(), _ -> shared, Clock.systemUTC(), random)
                .make(new Template.Key(1, PROVISIONED, configuration().programs()));
    }

    private QemuMachine copy(Template.Lease lease, String id) throws IOException {
        var tap = new TapDevice(NAMESPACE, "mp-it", "02:00:00:00:00:07");
        var machine =
                launcher()
                        .launch(
                                new MachineConfiguration(
                                        id,
                                        250,
                                        PROVISIONED,
                                        1L << 30,
                                        List.of(image()),
                                        Optional.of(tap)),
                                lease.origin(),
                                MachineCgroup.Share.of(1000));
        machines.add(machine);
        machine.asked(qmp -> Migration.restore(qmp, lease.saved()));
        return machine;
    }

    private void fill(GuestChannel channel) {
        var unused = channel.configure(this::identity, PATIENCE);
        var started =
                channel.blocking(PATIENCE)
                        .startContainer(
                                StartContainerRequest.newBuilder()
                                        .setContainerId(CONTAINER)
                                        .setName("main")
                                        .setImageDiskSlot(1)
                                        .addAllArgs(List.of("/bin/sh", "-c", FILL))
                                        .build());
        assertThat(started.hasStarted()).as(started.toString()).isTrue();
        var log = new StringBuilder();
        var chunks =
                channel.blocking(PATIENCE)
                        .readLog(
                                ReadLogRequest.newBuilder()
                                        .setContainerId(CONTAINER)
                                        .setFollow(true)
                                        .build());
        while (!log.toString().contains("stdout F end") && chunks.hasNext()) {
            log.append(chunks.next().getData().toStringUtf8());
        }
        assertThat(log.toString()).contains("700+0 records out", "1+0 records out");
    }

    private static long allocated(Path file) throws IOException {
        return Long.parseLong(run("stat", "-L", "-c", "%b", file.toString()).strip()) * 512;
    }

    private static long mebiBytes(QemuMachine machine, String name) throws IOException {
        var rollup = Path.of("/proc", Long.toString(machine.pid()), "smaps_rollup");
        for (var line : Files.readAllLines(rollup)) {
            if (line.startsWith(name)) {
                return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
            }
        }
        throw new IOException("no " + name);
    }

    /// A disk with busybox.
    private Path image() throws IOException {
        var disk = folder.resolve("busybox.squashfs");
        if (Files.exists(disk)) {
            return disk;
        }
        var root = folder.resolve("root");
        for (var name : List.of("bin", "proc", "sys", "dev", "tmp", "etc")) {
            Files.createDirectories(root.resolve(name));
        }
        Files.copy(Path.of("/bin/busybox"), root.resolve("bin/busybox"));
        for (var name : List.of("sh", "dd")) {
            Files.createSymbolicLink(root.resolve("bin").resolve(name), Path.of("busybox"));
        }
        run("mksquashfs", root.toString(), disk.toString(), "-quiet", "-no-progress");
        try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(ImageStore.DISK_BYTES);
        }
        Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("r--r--r--"));
        return disk;
    }

    private ConfigureRequest identity() {
        var entropy = new byte[32];
        random.nextBytes(entropy);
        return ConfigureRequest.newBuilder()
                .setMachineId("m")
                .setHostname("copy")
                .setUnixTimeNanos(System.currentTimeMillis() * 1_000_000)
                .setEntropy(ByteString.copyFrom(entropy))
                .setNetwork(
                        NetworkInterface.newBuilder()
                                .setMac("02:00:00:00:00:07")
                                .setAddress("192.0.2.7")
                                .setPrefixLength(32)
                                .setGateway("192.0.2.1")
                                .setMtu(1500))
                .build();
    }

    private QemuConfiguration configuration() {
        return new QemuConfiguration(
                GUEST, folder.resolve("data"), folder.resolve("run"), QemuConfiguration.Clones.OFF);
    }

    private QemuLauncher launcher() {
        return new QemuLauncher(
                configuration(), Accelerator.TCG, new HostPrograms(), Clock.systemUTC());
    }

    private static String run(String... command) throws IOException {
        return new HostPrograms().output(Program.of(Duration.ofSeconds(20), List.of(command)));
    }
}
