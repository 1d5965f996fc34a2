package dev.monopod.host.machine;

import dev.monopod.host.file.FileWriter;
import dev.monopod.host.file.OwnFile;
import dev.monopod.host.file.OwnFile.Found;
import dev.monopod.host.file.PrivateFiles;
import dev.monopod.host.json.OwnJson;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramRunner;
import dev.monopod.host.program.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds out whether KVM works by booting the kernel under it: a `/dev/kvm` that can be opened may
/// still hang every guest. The answer holds for one boot of the host; that there is no `/dev/kvm`,
/// for no longer than there is none.
public final class AcceleratorProbe {
    private static final Logger LOG = LoggerFactory.getLogger(AcceleratorProbe.class);
    static final Duration LIMIT = Duration.ofSeconds(5);

    /// For a kernel that speaks and has not come to its end: the host is busy, or its own
    /// virtualization nested. The answer holds long, so it is waited for.
    static final Duration SLOW_LIMIT = Duration.ofSeconds(60);

    private final QemuConfiguration configuration;
    private final Path device;
    private final OwnFile cache;
    private final ProgramRunner programs;

    public AcceleratorProbe(QemuConfiguration configuration) {
        this(configuration, Path.of("/dev/kvm"), new HostPrograms());
    }

    AcceleratorProbe(QemuConfiguration configuration, Path device, ProgramRunner programs) {
        this.device = device;
        this.programs = programs;
        this.configuration = configuration;
        this.cache =
                new OwnFile(
                        configuration.dataDirectory().resolve("accelerator.json"),
                        Clock.systemUTC(),
                        FileWriter.real());
    }

    /// @param circumstances all that the answer hangs on; another boot, QEMU or kernel asks anew
    record Answer(String circumstances, Accelerator accelerator) {
        Answer {
            Objects.requireNonNull(circumstances, "circumstances");
            Objects.requireNonNull(accelerator, "accelerator");
        }
    }

    public Accelerator accelerator() {
        if (!Files.isWritable(device)) {
            return Accelerator.TCG;
        }
        try {
            var circumstances = circumstances();
            var found = remembered();
            var last = found.flatMap(AcceleratorProbe::answer);
            if (last.isPresent() && last.get().circumstances().equals(circumstances)) {
                return last.get().accelerator();
            }
            var accelerator = boots(patience(last)) ? Accelerator.KVM : Accelerator.TCG;
            if (found.isPresent()) {
                remember(new Answer(circumstances, accelerator));
            }
            return accelerator;
        } catch (IOException e) {
            LOG.warn("failed to find the accelerator, machines are emulated: {}", e.getMessage());
            return Accelerator.TCG;
        }
    }

    /// Without a record it is found out again after the next start.
    private void remember(Answer answer) {
        try {
            cache.replace(OwnJson.write(answer));
        } catch (IOException e) {
            LOG.warn("the accelerator is not remembered: {}", e.getMessage());
        }
    }

    /// Empty if what is there can't be read, and stays: it may be a later version's.
    private Optional<Found<Answer>> remembered() {
        try {
            return Optional.of(
                    cache.read(
                            content -> OwnJson.read(content, Answer.class, OwnJson.FIRST_FORMAT)));
        } catch (OwnFile.Unreadable e) {
            LOG.warn("the accelerator is found out again: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static Optional<Answer> answer(Found<Answer> found) {
        return found instanceof Found.Whole<Answer>(var answer)
                ? Optional.of(answer)
                : Optional.empty();
    }

    private String circumstances() throws IOException {
        var bootId = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        var qemu = programs.output(Program.of(LIMIT, "qemu-system-x86_64", "--version"));
        try {
            var digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(Files.readAllBytes(configuration.kernel()));
            return String.join(
                    " ",
                    bootId,
                    HexFormat.of().formatHex(digest),
                    qemu.lines().findFirst().orElse(""));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /// How long a kernel may be silent. Where KVM worked the last time the host is rather busy than
    /// its KVM broken: after a boot everything starts at once.
    private static Duration patience(Optional<Answer> last) {
        return last.filter(answer -> answer.accelerator() == Accelerator.KVM).isPresent()
                ? SLOW_LIMIT
                : LIMIT;
    }

    /// Without an initramfs a kernel that works panics soon, and `panic=-1` then ends QEMU. In the
    /// same jail as machines: KVM that they can't open is none.
    private boolean boots(Duration patience) throws IOException {
        var line = new ArrayList<String>();
        line.addAll(List.of("qemu-system-x86_64", "-M", "microvm,x-option-roms=off,isa-serial=on"));
        line.addAll(List.of("-accel", "kvm", "-cpu", "host", "-m", "128"));
        line.addAll(List.of("-nodefaults", "-no-user-config", "-nographic", "-no-reboot"));
        line.addAll(List.of("-serial", "stdio", "-kernel", configuration.kernel().toString()));
        line.addAll(List.of("-append", "console=ttyS0 panic=-1 reboot=t"));
        return boots(patience, limit -> inJail(limit, line));
    }

    /// Runs a kernel for at most the time that it is given.
    @FunctionalInterface
    interface Boot {
        Outcome within(Duration limit) throws IOException;
    }

    /// A KVM that hangs its guests does so before their kernel says its first word.
    static boolean boots(Duration patience, Boot boot) throws IOException {
        return switch (boot.within(patience)) {
            case Outcome.Ended(_, var console, _) -> cameToItsEnd(console);
            case Outcome.TooLate(var console, _) ->
                    patience.compareTo(SLOW_LIMIT) < 0
                            && console.kept().contains("Linux version")
                            && boot.within(SLOW_LIMIT) instanceof Outcome.Ended(_, var whole, _)
                            && cameToItsEnd(whole);
            case Outcome.NotStarted _, Outcome.InputFailed _, Outcome.Interrupted _ -> false;
        };
    }

    private static boolean cameToItsEnd(Text console) {
        return console.kept().contains("Kernel panic");
    }

    private Outcome inJail(Duration limit, List<String> qemu) throws IOException {
        // This process' own: a doctor may look at the same time as an agent.
        var files = MachineFiles.of(configuration, "probe-" + ProcessHandle.current().pid());
        files.remove();
        var user = MachineUsers.ofThisHost(configuration).claim(files.data());
        try {
            files.make(files.data().toFile().getName());
            Files.createFile(files.scratch(), PrivateFiles.ofFile());
            var cell =
                    new QemuJail.Cell(
                            files, user, List.of(), Optional.empty(), new QemuOrigin.Boot());
            return programs.run(
                    new QemuJail(configuration, Accelerator.KVM).running(cell, limit, qemu));
        } finally {
            files.remove();
        }
    }
}
