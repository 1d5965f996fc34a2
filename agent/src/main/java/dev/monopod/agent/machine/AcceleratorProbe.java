package dev.monopod.agent.machine;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.agent.machine.Hypervisor.Accelerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds out whether KVM works by booting the kernel under it: a `/dev/kvm` that can be opened may
/// still hang every guest. The answer holds for one boot of the host.
public final class AcceleratorProbe {
    private static final Logger LOG = LoggerFactory.getLogger(AcceleratorProbe.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LIMIT_SECONDS = 5;

    private final Path kernel;
    private final Path cache;

    /// @param cache file that keeps the answer
    public AcceleratorProbe(Path kernel, Path cache) {
        this.kernel = kernel;
        this.cache = cache;
    }

    record Answer(String bootId, Accelerator accelerator) {}

    public Accelerator accelerator() {
        try {
            var bootId = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
            if (Files.exists(cache)) {
                var answer = JSON.readValue(Files.readAllBytes(cache), Answer.class);
                if (answer.bootId().equals(bootId)) {
                    return answer.accelerator();
                }
            }
            var accelerator = boots() ? Accelerator.KVM : Accelerator.TCG;
            Files.createDirectories(cache.toAbsolutePath().getParent());
            Files.write(cache, JSON.writeValueAsBytes(new Answer(bootId, accelerator)));
            return accelerator;
        } catch (IOException e) {
            LOG.warn("the accelerator probe failed, emulation it is: {}", e.toString());
            return Accelerator.TCG;
        }
    }

    /// Without an initramfs a kernel that works panics soon, and `panic=-1` then ends QEMU.
    private boolean boots() throws IOException {
        if (!Files.isWritable(Path.of("/dev/kvm"))) {
            return false;
        }
        Files.createDirectories(cache.toAbsolutePath().getParent());
        var console = Files.createTempFile(cache.toAbsolutePath().getParent(), "probe-", ".log");
        var process =
                new ProcessBuilder(
                                List.of(
                                        "qemu-system-x86_64",
                                        "-M",
                                        "microvm,x-option-roms=off,isa-serial=on",
                                        "-accel",
                                        "kvm",
                                        "-cpu",
                                        "host",
                                        "-m",
                                        "128",
                                        "-nodefaults",
                                        "-no-user-config",
                                        "-nographic",
                                        "-no-reboot",
                                        "-serial",
                                        "stdio",
                                        "-kernel",
                                        kernel.toString(),
                                        "-append",
                                        "console=ttyS0 panic=-1 reboot=t"))
                        .redirectErrorStream(true)
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .redirectOutput(console.toFile())
                        .start();
        try {
            var ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
            process.destroyForcibly().waitFor();
            return ended
                    && Files.readString(console, StandardCharsets.ISO_8859_1)
                            .contains("Kernel panic");
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            return false;
        } finally {
            Files.deleteIfExists(console);
        }
    }
}
