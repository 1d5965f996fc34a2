package dev.monopod.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// Tells whether machines run on hardware virtualization, by booting one: on some hosts `/dev/kvm`
/// opens, and yet no guest kernel gets anywhere.
final class KvmProbe {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String NAME = "accelerator";
    private static final String FIX =
            "use a host with hardware (or nested) virtualization; until then machines are emulated: slow, and without QEMU's guarantee of isolation";

    private final Layout layout;

    KvmProbe(Layout layout) {
        this.layout = layout;
    }

    Probe probe() {
        Path device = Path.of("/dev/kvm");
        if (!Files.exists(device)) {
            return Probe.warn(NAME, "TCG: there is no /dev/kvm", FIX);
        }
        if (!Files.isReadable(device) || !Files.isWritable(device)) {
            return Probe.warn(
                    NAME, "TCG: /dev/kvm can't be opened", "run as root, or join the group kvm");
        }
        Path kernel = layout.dist().resolve("guest/vmlinuz");
        if (!Files.exists(kernel)) {
            return Probe.warn(
                    NAME, "/dev/kvm opens; no kernel is built to try it with", "./monopod build");
        }
        try {
            return boots(kernel)
                    ? Probe.pass(NAME, "KVM: a kernel boots")
                    : Probe.warn(NAME, "TCG: /dev/kvm opens, but no kernel boots under it", FIX);
        } catch (IOException failure) {
            return Probe.warn(NAME, "TCG: QEMU does not start: " + failure.getMessage(), FIX);
        }
    }

    /// Whether the kernel gets as far as looking for its root file system.
    private static boolean boots(Path kernel) throws IOException {
        Process machine =
                new ProcessBuilder(
                                List.of(
                                        "qemu-system-x86_64",
                                        "-M",
                                        "microvm,x-option-roms=off,isa-serial=on,accel=kvm",
                                        "-cpu",
                                        "host",
                                        "-m",
                                        "128",
                                        "-nodefaults",
                                        "-no-user-config",
                                        "-no-reboot",
                                        "-display",
                                        "none",
                                        "-serial",
                                        "stdio",
                                        "-kernel",
                                        kernel.toString(),
                                        "-append",
                                        "console=ttyS0 panic=-1 reboot=t"))
                        .redirectErrorStream(true)
                        .start();
        AtomicBoolean booted = new AtomicBoolean();
        Thread reader =
                Thread.ofVirtual()
                        .name("kvm-probe")
                        .start(() -> {
                            try (BufferedReader lines =
                                    new BufferedReader(
                                            new InputStreamReader(
                                                    machine.getInputStream(),
                                                    StandardCharsets.UTF_8))) {
                                String line = lines.readLine();
                                while (line != null && !booted.get()) {
                                    // Without a disk the kernel ends here, far behind all
                                    // that KVM must do.
                                    if (line.contains("VFS:") || line.contains("Kernel panic")) {
                                        booted.set(true);
                                    }
                                    line = lines.readLine();
                                }
                            } catch (IOException ended) {
                                // The machine was killed: it took too long.
                                return;
                            }
                        });
        try {
            boolean ended = machine.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            return (ended | booted.get()) & reader.join(Duration.ofSeconds(1)) & booted.get();
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            machine.destroyForcibly();
        }
    }
}
