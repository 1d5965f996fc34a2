package dev.monopod.agent.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [Hypervisor] by QEMU's `microvm`. QEMU runs in a jail: its own user without capabilities, no new
/// privileges, seccomp, the VPC's network namespace, a cgroup. It is started in a session of its
/// own, so that it outlives this agent. Thread-safe; machines start in parallel.
public final class QemuHypervisor implements Hypervisor {
    private static final Logger LOG = LoggerFactory.getLogger(QemuHypervisor.class);

    /// Not every host lets others open its tun device, and only the tap's owner can use it anyway;
    /// so the jail has a device node of its own, in a mount namespace of its own.
    private static final String TUN_DEVICE =
            "mount -t tmpfs -o mode=0755,size=64k monopod /dev/net"
                    + " && mknod -m 0666 /dev/net/tun c 10 200 && exec \"$@\"";

    private static final long DEFAULT_KILOHERTZ = 2_500_000;
    private static final long SOCKET_SECONDS = 60;

    private final QemuConfiguration configuration;
    private final Accelerator accelerator;
    private final QemuCommand command;
    private final ScratchDisks scratchDisks;

    /// Finds out, once per boot of the host, whether KVM really boots a machine here.
    public QemuHypervisor(QemuConfiguration configuration) {
        this(
                configuration,
                new AcceleratorProbe(
                                configuration.kernel(),
                                configuration.dataDirectory().resolve("accelerator.json"))
                        .accelerator());
    }

    QemuHypervisor(QemuConfiguration configuration, Accelerator accelerator) {
        this.configuration = configuration;
        this.accelerator = accelerator;
        this.command =
                new QemuCommand(
                        configuration.kernel(),
                        configuration.initramfs(),
                        accelerator,
                        clockKiloHertz());
        this.scratchDisks = new ScratchDisks(configuration.templates());
    }

    private static long clockKiloHertz() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("cpu MHz"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .map(megaHertz -> (long) (Double.parseDouble(megaHertz) * 1000))
                    .orElse(DEFAULT_KILOHERTZ);
        } catch (IOException e) {
            return DEFAULT_KILOHERTZ;
        }
    }

    @Override
    public Accelerator accelerator() {
        return accelerator;
    }

    @Override
    public VirtualMachine start(MachineConfiguration machine) {
        var files = MachineFiles.of(configuration, machine.id());
        if (Files.exists(files.record())) {
            throw new MachineException("machine " + machine.id() + " exists already");
        }
        var line = command.of(machine, files);
        try {
            prepare(machine, files);
            var process = launch(machine, files, line);
            var started = new QemuMachine(machine.id(), files, process);
            awaitChannel(started, files);
            return started;
        } catch (IOException e) {
            discard(machine.id(), files);
            throw new MachineException("can't start " + machine.id() + ": " + e.getMessage(), e);
        } catch (MachineException e) {
            discard(machine.id(), files);
            throw e;
        }
    }

    @Override
    public List<VirtualMachine> recover() {
        var machines = new ArrayList<VirtualMachine>();
        for (var id : recorded()) {
            var files = MachineFiles.of(configuration, id);
            var record = MachineRecord.read(files.record());
            if (record.isPresent() && record.get().process().alive()) {
                machines.add(new QemuMachine(id, files, record.get().process()));
            } else {
                discard(id, files);
            }
        }
        return machines;
    }

    private List<String> recorded() {
        if (!Files.isDirectory(configuration.machines())) {
            return List.of();
        }
        try (var folders = Files.list(configuration.machines())) {
            return folders.map(folder -> folder.toFile().getName()).toList();
        } catch (IOException e) {
            throw new MachineException("can't list " + configuration.machines(), e);
        }
    }

    private void prepare(MachineConfiguration machine, MachineFiles files) throws IOException {
        Files.createDirectories(configuration.machines());
        Files.createDirectories(configuration.sockets());
        var owner = configuration.jailUser();
        for (var folder : List.of(files.data(), files.run())) {
            Files.createDirectories(folder);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            own(folder, owner);
        }
        scratchDisks.make(files.scratch(), machine.scratchBytes());
        own(files.scratch(), owner);
        Files.setPosixFilePermissions(
                files.scratch(), PosixFilePermissions.fromString("rw-------"));
    }

    private MachineProcess launch(
            MachineConfiguration machine, MachineFiles files, List<String> line)
            throws IOException {
        var groups =
                new MachineCgroup(machine.id())
                        .make(
                                machine.milliCpu(),
                                machine.memoryMebiBytes() + QemuCommand.GUEST_OVERHEAD_MEBIBYTES);
        var process =
                new ProcessBuilder(jailed(machine, groups, line))
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .redirectErrorStream(true)
                        .redirectOutput(files.log().toFile())
                        .start();
        // Each program of the jail replaces the one before it, so the number stays.
        MachineProcess found;
        try {
            found = MachineProcess.of(process.pid());
        } catch (MachineException e) {
            throw new IOException(words(files), e);
        }
        new MachineRecord(machine.id(), found.pid(), found.startTicks()).write(files.record());
        return found;
    }

    private List<String> jailed(
            MachineConfiguration machine, List<Path> groups, List<String> qemu) {
        var join = new StringBuilder();
        for (var group : groups) {
            join.append("echo $$ > '").append(group).append("' && ");
        }
        var line = new ArrayList<String>(List.of("setsid", "sh", "-c", join + "exec \"$@\"", "sh"));
        machine.network()
                .ifPresent(
                        tap ->
                                line.addAll(
                                        List.of(
                                                "nsenter",
                                                "--net=/run/netns/" + tap.networkNamespace())));
        line.addAll(List.of("unshare", "--mount", "sh", "-c", TUN_DEVICE, "sh"));
        var user = Long.toString(configuration.jailUser());
        line.addAll(
                List.of(
                        "setpriv",
                        "--reuid",
                        user,
                        "--regid",
                        user,
                        "--clear-groups",
                        "--no-new-privs",
                        "--inh-caps=-all",
                        "--bounding-set=-all"));
        line.addAll(qemu);
        return line;
    }

    private static void awaitChannel(QemuMachine machine, MachineFiles files) throws IOException {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SOCKET_SECONDS);
        try {
            while (!monitorAnswers(files)) {
                if (!machine.alive()) {
                    throw new IOException(words(files));
                }
                if (System.nanoTime() - deadline > 0) {
                    machine.destroy(Duration.ZERO);
                    throw new IOException(
                            "QEMU's monitor did not answer within %d s".formatted(SOCKET_SECONDS));
                }
                TimeUnit.MILLISECONDS.sleep(2);
            }
        } catch (InterruptedException e) {
            machine.destroy(Duration.ZERO);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted");
        }
    }

    /// The monitor greets only when every device has been made: sockets alone prove nothing.
    private static boolean monitorAnswers(MachineFiles files) {
        if (!Files.exists(files.qmp())) {
            return false;
        }
        try (var monitor = Qmp.connect(files.qmp())) {
            return monitor.execute("query-status", Map.of()).has("status");
        } catch (IOException e) {
            return false;
        }
    }

    private static String words(MachineFiles files) throws IOException {
        var words = Files.exists(files.log()) ? Files.readString(files.log()).strip() : "";
        return words.isEmpty() ? "QEMU ended at once without a word" : words;
    }

    private static void discard(String id, MachineFiles files) {
        try {
            new MachineCgroup(id).remove();
            files.remove();
        } catch (RuntimeException e) {
            LOG.warn("leftovers of machine {} stay: {}", id, e.toString());
        }
    }

    private static void own(Path path, long user) throws IOException {
        Files.setAttribute(path, "unix:uid", (int) user);
        Files.setAttribute(path, "unix:gid", (int) user);
    }
}
