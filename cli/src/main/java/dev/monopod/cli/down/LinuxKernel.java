package dev.monopod.cli.down;

import dev.monopod.cli.installation.Commands;
import dev.monopod.cli.installation.HostSnapshot;
import dev.monopod.host.network.LinuxHostNetwork;
import dev.monopod.host.network.NetworkException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// This host's.
final class LinuxKernel implements Kernel {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Override
    public String run(String... command) {
        return Commands.outputIfAny(LIMIT, command);
    }

    @Override
    public List<String> links() {
        try (var links = Files.list(Path.of("/sys/class/net"))) {
            return links.map(link -> link.getFileName().toString()).sorted().toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public List<String> mounts() {
        try {
            return Files.readAllLines(Path.of("/proc/self/mounts"));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public Set<String> controlGroups() {
        return HostSnapshot.controlGroups();
    }

    @Override
    public void removeControlGroup(Path group) {
        try {
            Files.deleteIfExists(group);
        } catch (IOException busy) {
            // Tried again; if it stays, the comparison says so.
            return;
        }
    }

    @Override
    public Optional<String> removeNetwork(Path runDirectory) {
        try {
            new LinuxHostNetwork(runDirectory).removeAll();
            return Optional.empty();
        } catch (NetworkException failure) {
            return Optional.of(String.valueOf(failure.getMessage()));
        }
    }
}
