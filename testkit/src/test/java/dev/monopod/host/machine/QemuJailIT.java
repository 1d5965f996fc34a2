package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.host.file.PrivateFiles;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.TapDevice;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.host.machine.QemuConfiguration.Clones;
import dev.monopod.host.machine.QemuHypervisor.Warm;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Program;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What can be reached by one who has taken over a machine's QEMU: a program runs in QEMU's place,
/// in the jail and as the user of a machine, and tries. Even without QEMU's seccomp. Needs root and
/// the built guest.
final class QemuJailIT {
    private static final Path GUEST = Path.of("../dist/guest").toAbsolutePath().normalize();
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String NAMESPACE = "mp-jail-it";
    private static final String TAP = "mp-jail-it";
    private static final String ROUTERS_LINK = "router";
    private static final String ABSTRACT = "monopod-jail-it";

    @TempDir Path folder = Path.of("/nonexistent");

    private QemuConfiguration configuration =
            new QemuConfiguration(
                    GUEST, Path.of("/nonexistent"), Path.of("/nonexistent"), Clones.OFF);
    private final HostPrograms programs = new HostPrograms();
    private final List<VirtualMachine> machines = new ArrayList<>();

    @BeforeEach
    void needsRootAndAGuest() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        assumeTrue(
                Files.exists(GUEST.resolve("vmlinuz"))
                        && Files.exists(GUEST.resolve("monopod-jail")),
                "skipped: ./monopod build has not been run");
        assumeTrue(Files.exists(Path.of("/usr/bin/perl")), "skipped: there is no /usr/bin/perl");
        // What keeps others out shall be the jail, not the folder of the test.
        open(folder);
        configuration =
                new QemuConfiguration(
                        GUEST, folder.resolve("data"), folder.resolve("run"), Clones.OFF);
        run("ip", "netns", "add", NAMESPACE);
        run("ip", "-n", NAMESPACE, "tuntap", "add", "dev", TAP, "mode", "tap", "user", "0");
        run("ip", "-n", NAMESPACE, "link", "add", ROUTERS_LINK, "type", "bridge");
    }

    @AfterEach
    void removeAll() throws Exception {
        machines.forEach(machine -> machine.destroy(Duration.ZERO));
        if (Files.exists(Path.of("/run/netns", NAMESPACE))) {
            run("ip", "netns", "delete", NAMESPACE);
        }
    }

    @Test
    void programInTheJailReachesItsOwnDisksAlone() throws Exception {
        var victim = victim();
        var cell = cell("m-taken");
        cell.files().show(image("own"));
        var own =
                List.of(
                        "write=" + cell.files().scratch(),
                        "read=" + cell.files().images().resolve("own.squashfs"),
                        "read=" + configuration.kernel(),
                        "list=/usr/lib",
                        "read=/proc/self/environ",
                        "read=/dev/urandom",
                        "write=/dev/null",
                        "link=lo");
        try (var host = new HostSide(folder)) {
            var tries = new ArrayList<>(own);
            tries.addAll(outside(victim, host));
            tries.addAll(insideOf(cell));
            assertThat(attack(new QemuJail(configuration, Accelerator.TCG), cell, tries))
                    .containsExactlyElementsOf(own);
        }
    }

    @Test
    void userOfAMachineReachesNothingOfAnotherEvenOutsideOfTheJail() throws Exception {
        var victim = victim();
        var taken = cell("m-taken");
        var files = MachineFiles.of(configuration, victim.id());
        open(configuration.dataDirectory());
        open(configuration.machines());
        open(files.data());
        open(configuration.runDirectory());
        open(configuration.sockets());
        open(files.run());
        var tries = new ArrayList<>(ofProcess(victim.pid()));
        tries.addAll(ofProcess(ProcessHandle.current().pid()));
        for (var path : List.of(files.scratch(), files.record(), files.log().path(), files.qmp())) {
            tries.add("read=" + path);
            tries.add("write=" + path);
        }
        tries.addAll(List.of("unix=" + files.qmp(), "unix=" + files.channel()));
        tries.add("make=" + files.run().resolve("fresh"));
        var user = Long.toString(taken.user());
        var line = new ArrayList<>(List.of("setpriv", "--reuid", user, "--regid", user));
        line.addAll(List.of("--clear-groups", "--no-new-privs", "--inh-caps=-all"));
        line.add("--bounding-set=-all");
        line.addAll(perl(tries));
        assertThat(programs.output(Program.of(LIMIT, line)).lines()).isEmpty();
    }

    @Test
    void eachMachineHasAUserAndNamespacesOfItsOwn() throws Exception {
        var one = start("m-one", Optional.empty());
        var other = start("m-other", Optional.empty());
        assertThat(owner(one.pid())).isNotEqualTo(owner(other.pid()));
        for (var kind : List.of("mnt", "pid", "net", "ipc", "uts", "cgroup")) {
            assertThat(List.of(namespace("self", kind), namespace(one, kind)))
                    .as(kind)
                    .doesNotContain(namespace(other, kind));
            assertThat(namespace(one, kind)).as(kind).isNotEqualTo(namespace("self", kind));
        }
    }

    @Test
    void whatIsOfMachinesIsClosedToEverybodyElse() throws Exception {
        victim();
        try (var data = Files.walk(configuration.machines());
                var run = Files.walk(configuration.sockets())) {
            var paths = Stream.concat(data, run).toList();
            assertThat(paths).hasSizeGreaterThan(8);
            for (var path : paths) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                        .as(path.toString())
                        .matches(shownByTheJail(path) ? "r..r..r.." : "rw.------");
            }
        }
    }

    /// Images: read-only for everybody, in a folder that only their machine's jail leads to.
    private static boolean shownByTheJail(Path path) {
        return path.toString().contains("/images");
    }

    private List<String> outside(VirtualMachine victim, HostSide host) throws IOException {
        var files = MachineFiles.of(configuration, victim.id());
        var tries = new ArrayList<>(ofProcess(victim.pid()));
        tries.addAll(ofProcess(ProcessHandle.current().pid()));
        for (var path :
                List.of(
                        files.scratch(),
                        files.record(),
                        files.log().path(),
                        files.images().resolve("victims.squashfs"),
                        folder.resolve("victims.squashfs"),
                        host.secret,
                        Path.of("/etc/shadow"),
                        Path.of("/etc/passwd"),
                        Path.of("/etc/hostname"),
                        Path.of("/dev/net/tun"),
                        Path.of("/dev/kvm"),
                        Path.of("/proc/cpuinfo"),
                        Path.of("/proc/sys/kernel/hostname"))) {
            tries.add("read=" + path);
            tries.add("write=" + path);
        }
        for (var path : List.of("/run", "/var", "/etc/ssl", "/sys", "/sys/class/net", "/root")) {
            tries.add("list=" + path);
        }
        tries.addAll(List.of("unix=" + files.qmp(), "unix=" + files.channel()));
        tries.addAll(List.of("unix=" + host.socket, "abstract=" + ABSTRACT));
        tries.add("tcp=127.0.0.1:" + host.tcp.getLocalPort());
        tries.addAll(List.of("raw=2", "raw=17", "link=" + TAP, "link=" + ROUTERS_LINK));
        tries.add("link=eth0");
        tries.add("enter=/run/netns/" + NAMESPACE);
        return tries;
    }

    private static List<String> ofProcess(long pid) {
        var process = "/proc/" + pid;
        return List.of(
                "signal=" + pid,
                "trace=" + pid,
                "peek=" + pid,
                "read=" + process + "/mem",
                "read=" + process + "/environ",
                "read=" + process + "/maps",
                "list=" + process + "/fd",
                "list=" + process + "/root",
                "enter=" + process + "/ns/net",
                "enter=" + process + "/ns/mnt");
    }

    /// What it may see, and must not change.
    private List<String> insideOf(QemuJail.Cell cell) {
        var tries = new ArrayList<String>();
        for (var place :
                List.of("", "/dev", "/proc", "/usr", "/tmp", "/run", cell.files().images())) {
            tries.add("make=" + place + "/fresh");
        }
        tries.add("write=" + cell.files().images().resolve("own.squashfs"));
        tries.add("write=" + configuration.kernel());
        tries.addAll(List.of("mount=/usr", "mount=/proc"));
        return tries;
    }

    private List<String> attack(QemuJail jail, QemuJail.Cell cell, List<String> tries)
            throws IOException {
        return programs.output(jail.running(cell, LIMIT, perl(tries))).lines().toList();
    }

    private static List<String> perl(List<String> tries) throws IOException {
        try (InputStream script =
                Objects.requireNonNull(QemuJailIT.class.getResourceAsStream("attack.pl"))) {
            var line = new ArrayList<String>();
            line.addAll(List.of("/usr/bin/perl", "-e"));
            line.add(new String(script.readAllBytes(), StandardCharsets.UTF_8));
            line.add("--");
            line.addAll(tries);
            return line;
        }
    }

    private VirtualMachine victim() throws IOException {
        return start("m-victim", Optional.of(new TapDevice(NAMESPACE, TAP, "02:00:00:00:00:01")));
    }

    private VirtualMachine start(String id, Optional<TapDevice> network) throws IOException {
        var machine =
                new QemuHypervisor(configuration, Accelerator.TCG, Warm.NONE)
                        .start(
                                new MachineConfiguration(
                                        id,
                                        250,
                                        256,
                                        1L << 30,
                                        List.of(image("victims")),
                                        network));
        machines.add(machine);
        return machine;
    }

    /// All that a machine has before its QEMU runs.
    private QemuJail.Cell cell(String id) throws IOException {
        var files = MachineFiles.of(configuration, id);
        var user = MachineUsers.ofThisHost(configuration).claim(files.data());
        files.make("m-jail");
        Files.createFile(files.scratch(), PrivateFiles.ofFile());
        Files.setAttribute(files.scratch(), "unix:uid", (int) user);
        return new QemuJail.Cell(files, user, List.of(), Optional.empty(), new QemuOrigin.Boot());
    }

    private Path image(String name) throws IOException {
        var file = folder.resolve(name + ".squashfs");
        if (!Files.exists(file)) {
            Files.writeString(file, "an image");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        }
        return file;
    }

    private static void open(Path folder) throws IOException {
        Set<PosixFilePermission> all = PosixFilePermissions.fromString("rwxr-xr-x");
        Files.setPosixFilePermissions(folder, all);
    }

    private static Object owner(long pid) throws IOException {
        return Files.getAttribute(Path.of("/proc/" + pid + "/status"), "unix:uid");
    }

    private static Path namespace(VirtualMachine machine, String kind) throws IOException {
        return namespace(Long.toString(machine.pid()), kind);
    }

    private static Path namespace(String process, String kind) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc", process, "ns", kind));
    }

    private void run(String... command) throws IOException {
        var _ = programs.output(Program.of(LIMIT, command));
    }

    /// Things of the agent's and the host's that answer to anybody who gets at them.
    private static final class HostSide implements AutoCloseable {
        final Path secret;
        final Path socket;
        final ServerSocket tcp = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final ServerSocketChannel unix =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        private final Process listener;

        HostSide(Path folder) throws IOException {
            secret = Files.writeString(folder.resolve("registries.json"), "secret");
            socket = folder.resolve("agent.sock");
            unix.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rwxrwxrwx"));
            listener =
                    new ProcessBuilder(
                                    "/usr/bin/perl",
                                    "-MSocket",
                                    "-e",
                                    "$| = 1; socket(S, PF_UNIX, SOCK_STREAM, 0) && bind(S, pack('S"
                                            + " a*', AF_UNIX, \"\\0$ARGV[0]\")) && listen(S, 9) or"
                                            + " die; print 'listens'; <STDIN>",
                                    ABSTRACT)
                            .start();
            assertThat(listener.getInputStream().readNBytes("listens".length())).isNotEmpty();
        }

        @Override
        public void close() throws IOException {
            listener.destroy();
            unix.close();
            tcp.close();
        }
    }
}
