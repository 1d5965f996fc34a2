package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.TapDevice;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Program;
import dev.monopod.protocol.guest.ConfigureRequest;
import dev.monopod.protocol.guest.ConfigureResponse;
import dev.monopod.protocol.guest.NetworkInterface;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

/// Real machines that begin with the memory of another. Needs root and the built guest.
final class TemplateIT {
    private static final Path GUEST = Path.of("../dist/guest").toAbsolutePath().normalize();
    private static final String NAMESPACE = "mp-template-it";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /// More with `-Dmonopod.copies=N`, by hand.
    private static final int COPIES = Integer.getInteger("monopod.copies", 6);

    private final SecureRandom random = new SecureRandom();

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
    void removeNamespace() throws Exception {
        run("ip", "netns", "delete", NAMESPACE);
    }

    @Test
    void copiesAnswerAndHaveAnIdentityOfTheirOwn() throws Exception {
        answerWithAnIdentityOfTheirOwn(false);
    }

    @Test
    void copiesThatShareMemoryAnswerAndHaveAnIdentityOfTheirOwn() throws Exception {
        answerWithAnIdentityOfTheirOwn(true);
    }

    private void answerWithAnIdentityOfTheirOwn(boolean shared) throws Exception {
        var configuration = configuration();
        var launcher = launcher(configuration);
        var template = template(configuration, launcher, shared);
        assertThat(template.shared().isPresent()).isEqualTo(shared);
        assertThat(configuration.machines()).isEmptyDirectory();
        var boots = new ArrayList<String>();
        try (var transport = new GuestChannel.Transport()) {
            for (var i = 0; i < COPIES; i++) {
                boots.add(copy(launcher, template, transport, "m-copy" + i).getBootId());
            }
        } finally {
            template.retire();
        }
        assertThat(boots).hasSize(COPIES).doesNotHaveDuplicates();
    }

    @Test
    void nobodyChangesATemplate() throws Exception {
        isChangedByNobody(false);
    }

    @Test
    void nobodyChangesMemoryThatCopiesShare() throws Exception {
        isChangedByNobody(true);
    }

    private void isChangedByNobody(boolean shared) throws Exception {
        var configuration = configuration();
        var template = template(configuration, launcher(configuration), shared);
        try (var lease = template.lease()) {
            for (var file : lease.origin().opened()) {
                try (var opened =
                        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                    assertThatThrownBy(() -> opened.write(ByteBuffer.allocate(1)))
                            .isInstanceOf(IOException.class);
                    assertThatThrownBy(() -> opened.map(FileChannel.MapMode.READ_WRITE, 0, 4096))
                            .isInstanceOf(IOException.class);
                    var size = opened.size();
                    assertThat(size).isPositive();
                    assertThatThrownBy(() -> opened.truncate(size - 4096))
                            .isInstanceOf(IOException.class);
                    assertThatThrownBy(() -> opened.write(ByteBuffer.allocate(1), size))
                            .isInstanceOf(IOException.class);
                    assertThatThrownBy(() -> run("fallocate", "-p", "-l", "4096", file.toString()))
                            .isInstanceOf(IOException.class)
                            .hasMessageContaining("Operation not permitted");
                }
            }
        } finally {
            template.retire();
        }
    }

    private static QemuLauncher launcher(QemuConfiguration configuration) {
        return new QemuLauncher(
                configuration, Accelerator.TCG, new HostPrograms(), Clock.systemUTC());
    }

    private Template template(
            QemuConfiguration configuration, QemuLauncher launcher, boolean shared)
            throws Exception {
        return new TemplateMaker(configuration, launcher, _ -> shared, Clock.systemUTC(), random)
                .make(new Template.Key(1, 512, configuration.programs()));
    }

    private ConfigureResponse copy(
            QemuLauncher launcher, Template template, GuestChannel.Transport transport, String id)
            throws IOException {
        try (var lease = template.lease()) {
            var machine = launcher.launch(machine(id), lease.origin(), MachineCgroup.Share.of(250));
            try {
                machine.asked(qmp -> Migration.restore(qmp, lease.saved()));
                try (var channel = new GuestChannel(machine.channel(), transport)) {
                    return channel.configure(this::identity, PATIENCE);
                }
            } finally {
                machine.destroy(Duration.ZERO);
            }
        }
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

    private static MachineConfiguration machine(String id) {
        var tap = new TapDevice(NAMESPACE, "mp-it", "02:00:00:00:00:07");
        return new MachineConfiguration(id, 250, 512, 1L << 30, List.of(), Optional.of(tap));
    }

    private static void run(String... command) throws IOException {
        new HostPrograms().output(Program.of(Duration.ofSeconds(20), List.of(command)));
    }
}
