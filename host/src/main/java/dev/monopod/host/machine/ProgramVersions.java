package dev.monopod.host.machine;

import dev.monopod.host.machine.Hypervisor.Programs;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramRunner;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells what a machine that starts now is made of. Looked at anew when a program was replaced.
/// Thread-safe.
final class ProgramVersions {
    private static final Logger LOG = LoggerFactory.getLogger(ProgramVersions.class);
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Pattern VERSION = Pattern.compile("version (\\S.{0,200})");

    /// Six bytes tell builds apart; nobody is defended against by them.
    private static final int DIGEST_BYTES = 6;

    private final QemuConfiguration configuration;
    private final ProgramRunner runner;
    private @Nullable Known known;

    /// @param files as [QemuConfiguration#programs]
    private record Known(String files, Programs programs) {}

    ProgramVersions(QemuConfiguration configuration, ProgramRunner runner) {
        this.configuration = configuration;
        this.runner = runner;
    }

    /// Empty while one of them is missing or does not say.
    synchronized Optional<Programs> programs() {
        try {
            var files = configuration.programs();
            if (known == null || !known.files().equals(files)) {
                known = new Known(files, read());
            }
            return Optional.of(known.programs());
        } catch (IOException e) {
            LOG.warn("the versions of machines are unknown: {}", e.toString());
            return Optional.empty();
        }
    }

    private Programs read() throws IOException {
        var kernel = configuration.kernel();
        var said = runner.output(Program.of(LIMIT, QemuConfiguration.QEMU.toString(), "--version"));
        return new Programs(
                "%s %s".formatted(KernelImage.release(kernel), digest(kernel)).strip(),
                digest(configuration.initramfs()),
                version(said).orElseThrow(() -> new IOException("QEMU says no version: " + said)));
    }

    static Optional<String> version(String said) {
        var found = VERSION.matcher(said);
        return found.find() ? Optional.of(found.group(1).strip()) : Optional.empty();
    }

    private static String digest(Path file) throws IOException {
        try (var bytes =
                new DigestInputStream(
                        Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            bytes.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(bytes.getMessageDigest().digest(), 0, DIGEST_BYTES);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
