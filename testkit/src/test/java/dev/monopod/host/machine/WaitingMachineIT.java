package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.guest.GuestRehearsal;
import dev.monopod.host.image.ImageStore;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.Size;
import dev.monopod.host.machine.Hypervisor.TapDevice;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.host.machine.Hypervisor.WaitingMachine;
import dev.monopod.host.machine.QemuConfiguration.Clones;
import dev.monopod.host.machine.QemuHypervisor.Warm;
import dev.monopod.host.network.HostNetwork.OpenTap;
import dev.monopod.host.network.HostNetwork.PodInterface;
import dev.monopod.host.network.HostNetwork.VpcNetwork;
import dev.monopod.host.network.LinuxHostNetwork;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Program;
import dev.monopod.protocol.guest.ConfigureRequest;
import dev.monopod.protocol.guest.NetworkInterface;
import dev.monopod.protocol.guest.ReadLogRequest;
import dev.monopod.protocol.guest.StartContainerRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real machines that wait, and become pods'. Needs root, the built guest, and a host that carries
/// no Monopod now.
final class WaitingMachineIT {
    private static final Path GUEST = Path.of("../dist/guest").toAbsolutePath().normalize();
    private static final String NAMESPACE = "monopod-vpc-it";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Size SIZE = new Size(250, 512, 1L << 30);
    private static final String CONTAINER = "c".repeat(64);

    /// What a pod sees of its machine, and some traffic.
    private static final String LOOK =
            """
            cat /marker /proc/sys/kernel/random/boot_id /sys/class/net/eth0/address
            hostname; head -c 16 /dev/urandom | base64
            nc -w 1 10.77.0.1 9 </dev/null; echo end
            """;

    private final SecureRandom random = new SecureRandom();
    private final List<QemuHypervisor> agents = new ArrayList<>();

    @TempDir Path folder = Path.of("/nonexistent");

    @BeforeEach
    void needsRootAGuestAndAFreeHost() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        assumeTrue(
                Files.exists(GUEST.resolve("vmlinuz"))
                        && Files.exists(GUEST.resolve("monopod-jail")),
                "skipped: ./monopod build has not been run");
        assumeTrue(
                !run("ip", "netns", "list").contains("monopod-vpc-"),
                "skipped: Monopod runs on this host");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var ranges = List.of("10.77.0.0/16");
        network().ensureVpc(new VpcNetwork("it", ranges, "10.77.0.4", "10.78.0.0/16"));
    }

    @AfterEach
    void leavesTheHostAsItWas() {
        agents.forEach(QemuHypervisor::close);
        agent(0).recover().forEach(machine -> machine.destroy(Duration.ZERO));
        network().removeAll();
    }

    @Test
    void becomesAMachineWithDisksMacAndRandomNumbersOfItsOwn() throws Exception {
        var hypervisor = agent(1);
        hypervisor.expect(SIZE);
        var first = pod(hypervisor, "m-first", 10);
        var second = pod(hypervisor, "m-second", 11);
        assertThat(first.lines()).hasSize(5);
        assertThat(first.lines()).startsWith("m-first").contains(mac(10), "m-first-name");
        assertThat(second.lines()).startsWith("m-second").contains(mac(11), "m-second-name");
        assertThat(first.lines()).doesNotContainAnyElementsOf(second.lines());
        assertThat(first.pid()).isNotEqualTo(second.pid());
        assertThat(leftOf("data/machines")).noneMatch(name -> name.startsWith("m-"));
    }

    @Test
    void agentThatWasKilledLeavesNothingOfWhatWaited() throws Exception {
        var killed = agent(1);
        killed.expect(SIZE);
        var waiting = reserved(killed);
        var slot = leftOf("data/machines").getFirst();
        attach("m-half", 12, waiting);
        assertThat(run("ip", "-n", NAMESPACE, "-o", "link")).contains("mp-");
        // It was about to have the pod's name.
        Files.move(folder.resolve("run/machines/" + slot), folder.resolve("run/machines/m-half"));

        var next = agent(0);
        assertThat(next.sharedMebiBytes())
                .as("what is left of the template that its copies share")
                .isEqualTo(killed.sharedMebiBytes());
        assertThat(next.recover()).isEmpty();
        assertThat(next.sharedMebiBytes()).isZero();

        assertThatThrownBy(() -> MachineProcess.of(waiting.pid()))
                .hasMessageContaining("has ended already");
        assertThat(leftOf("data/machines")).isEmpty();
        assertThat(leftOf("run/machines")).isEmpty();
        for (var hierarchy : List.of("", "cpu", "memory", "pids")) {
            assertThat(Path.of("/sys/fs/cgroup", hierarchy, "monopod", slot)).doesNotExist();
        }
        assertThat(run("ip", "-n", NAMESPACE, "-o", "link")).doesNotContain("mp-");
    }

    @Test
    void agentThatWasKilledLeavesNothingOfWhatWasToBecomeATemplate() {
        agent(1).expect(SIZE);
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() ->
                        leftOf("data/machines").stream()
                                .filter(slot -> slot.startsWith("template-"))
                                .anyMatch(slot ->
                                        Files.exists(
                                                folder.resolve(
                                                        "data/machines/"
                                                                + slot
                                                                + "/machine.json"))));

        assertThat(agent(0).recover()).isEmpty();
        assertThat(leftOf("data/machines")).noneMatch(slot -> slot.startsWith("template-"));
    }

    @Test
    void endsWhatWaitsWithItsAgent() {
        var agent = agent(1);
        agent.expect(SIZE);
        reserved(agent).close();
        Awaitility.await().atMost(PATIENCE).until(() -> !leftOf("data/machines").isEmpty());
        agent.close();
        Awaitility.await().atMost(PATIENCE).until(() -> leftOf("data/machines").isEmpty());
    }

    private record Seen(long pid, List<String> lines) {}

    private Seen pod(Hypervisor hypervisor, String id, int number) throws Exception {
        var image = image(id);
        var waiting = reserved(hypervisor);
        var attachment = attach(id, number, waiting);
        var tap = new TapDevice(attachment.networkNamespace(), attachment.tapName(), mac(number));
        var machine =
                waiting.become(
                        new MachineConfiguration(
                                id,
                                SIZE.milliCpu(),
                                SIZE.memoryMebiBytes(),
                                SIZE.scratchBytes(),
                                List.of(image),
                                Optional.of(tap)));
        try {
            var lines = look(machine, id, number);
            var traffic = network().traffic(List.of(id)).get(id);
            assertThat(traffic.sent().packets()).isPositive();
            assertThat(traffic.received().packets()).isPositive();
            return new Seen(machine.pid(), lines);
        } finally {
            machine.destroy(Duration.ZERO);
            network().detach(id);
        }
    }

    private List<String> look(VirtualMachine machine, String id, int number) {
        try (var transport = new GuestChannel.Transport();
                var channel = new GuestChannel(machine.channel(), transport)) {
            var unused = channel.configure(() -> identity(id, number), PATIENCE);
            var started =
                    channel.blocking(PATIENCE)
                            .startContainer(
                                    StartContainerRequest.newBuilder()
                                            .setContainerId(CONTAINER)
                                            .setName("main")
                                            .setImageDiskSlot(1)
                                            .addAllArgs(List.of("/bin/sh", "-c", LOOK))
                                            .build());
            assertThat(started.hasStarted()).as(started.toString()).isTrue();
            return lines(channel);
        }
    }

    private static List<String> lines(GuestChannel channel) {
        var lines = new ArrayList<String>();
        var chunks =
                channel.blocking(PATIENCE)
                        .readLog(
                                ReadLogRequest.newBuilder()
                                        .setContainerId(CONTAINER)
                                        .setFollow(true)
                                        .build());
        while (!lines.contains("end") && chunks.hasNext()) {
            // TIME STREAM TAG TEXT
            for (var line : chunks.next().getData().toStringUtf8().lines().toList()) {
                if (line.contains(" stdout ")) {
                    lines.add(line.split(" ", 4)[3]);
                }
            }
        }
        assertThat(lines).endsWith("end");
        return lines.subList(0, lines.size() - 1);
    }

    private ConfigureRequest identity(String id, int number) {
        var entropy = new byte[32];
        random.nextBytes(entropy);
        return ConfigureRequest.newBuilder()
                .setMachineId(id)
                .setHostname(id + "-name")
                .setUnixTimeNanos(System.currentTimeMillis() * 1_000_000)
                .setEntropy(ByteString.copyFrom(entropy))
                .setNetwork(
                        NetworkInterface.newBuilder()
                                .setMac(mac(number))
                                .setAddress("10.77.0." + number)
                                .setPrefixLength(32)
                                .setGateway("10.77.0.1")
                                .setMtu(1500))
                .build();
    }

    private LinuxHostNetwork.Attachment attach(String id, int number, WaitingMachine waiting) {
        return network()
                .attach(
                        new PodInterface(id, "it", "10.77.0." + number, "10.77.0.1", mac(number)),
                        Optional.of(new OpenTap(waiting.pid(), waiting.tapName())));
    }

    private static String mac(int number) {
        return "02:00:0a:4d:00:%02x".formatted(number);
    }

    /// A disk with busybox and a file that says whose it is.
    private Path image(String marker) throws IOException {
        var root = folder.resolve("root-" + marker);
        for (var name : List.of("bin", "proc", "sys", "dev", "tmp", "etc")) {
            Files.createDirectories(root.resolve(name));
        }
        Files.copy(Path.of("/bin/busybox"), root.resolve("bin/busybox"));
        for (var name : List.of("sh", "cat", "head", "base64", "hostname", "nc")) {
            Files.createSymbolicLink(root.resolve("bin").resolve(name), Path.of("busybox"));
        }
        Files.writeString(root.resolve("marker"), marker + "\n", StandardCharsets.UTF_8);
        var disk = folder.resolve(marker + ".squashfs");
        run("mksquashfs", root.toString(), disk.toString(), "-quiet", "-no-progress");
        try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(ImageStore.DISK_BYTES);
        }
        Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("r--r--r--"));
        return disk;
    }

    private WaitingMachine reserved(Hypervisor hypervisor) {
        return Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .until(() -> hypervisor.reserve(SIZE), Optional::isPresent)
                .orElseThrow();
    }

    private List<String> leftOf(String path) {
        try (var files = Files.list(folder.resolve(path))) {
            return files.map(file -> file.toFile().getName()).toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private LinuxHostNetwork network() {
        return new LinuxHostNetwork(folder.resolve("run"));
    }

    /// @param waiting how many of its machines wait
    private QemuHypervisor agent(int waiting) {
        var agent =
                new QemuHypervisor(
                        new QemuConfiguration(
                                GUEST,
                                folder.resolve("data"),
                                folder.resolve("run"),
                                Clones.SHARED),
                        Accelerator.TCG,
                        new Warm(waiting, new GuestRehearsal(Clock.systemUTC())::at));
        agents.add(agent);
        return agent;
    }

    private static String run(String... command) throws IOException {
        return new HostPrograms().output(Program.of(Duration.ofSeconds(20), List.of(command)));
    }
}
