package dev.monopod.cli.backup;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.monopod.cli.installation.Commands;
import dev.monopod.cli.installation.HostSnapshot;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.SupervisorClient;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What the control plane of this host keeps, by the program that runs it: only that one knows its
/// etcd.
final class ClusterState {
    /// etcd holds at most 2 GiB.
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private final Layout layout;

    /// What a backup says of itself.
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Manifest(
            String time,
            String monopod,
            String kubernetes,
            String etcd,
            String host,
            long revision,
            long keys) {}

    /// What a restore did.
    ///
    /// @param aside folder with what was there before
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Restored(Manifest manifest, String aside, long revision) {}

    /// @throws CliException on a host without a control plane
    ClusterState(Layout layout) {
        this.layout = layout;
        if (Installation.read(layout)
                .filter(it -> it.standing().runsControlPlane())
                .filter(_ -> Files.exists(layout.supervisor()))
                .isEmpty()) {
            throw new CliException(
                    "%s has no control plane: the state of a cluster is on its first host"
                            .formatted(layout.data()),
                    "monopod up makes one; a cluster that was there before Monopod has backups of its own");
        }
    }

    /// @param version of Monopod, which the file tells
    Manifest backup(Path file, String version) {
        if (!runs()) {
            throw new CliException(
                    "Monopod does not run on this machine, and a backup is asked of its etcd",
                    "monopod start");
        }
        return ask(Manifest.class, "backup", file, List.of("--monopod-version", version));
    }

    /// @throws CliException if anything runs that has the state open, or if the file can't be used:
    ///   then nothing has changed
    Restored restore(Path file) {
        if (runs()) {
            throw new CliException(
                    "Monopod runs on this machine, and a restore would take its state away from it",
                    "monopod stop");
        }
        for (var process : HostSnapshot.ourProcesses(layout)) {
            var command = process.info().command().orElse("");
            if (command.endsWith("/" + layout.supervisor().getFileName())) {
                throw new CliException(
                        "process %d of Monopod's control plane runs without a supervisor: %s"
                                .formatted(process.pid(), command),
                        "monopod start, then monopod stop");
            }
        }
        if (!Files.isReadable(file)) {
            throw new CliException(file + ": no such file, or not readable");
        }
        return ask(Restored.class, "restore", file, List.of());
    }

    private boolean runs() {
        return new SupervisorClient(layout.supervisorSocket()).status().isPresent();
    }

    private <T> T ask(Class<T> type, String act, Path file, List<String> more) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                layout.supervisor().toString(),
                                act,
                                "--config",
                                layout.supervisorConfig().toString(),
                                "--file",
                                file.toAbsolutePath().normalize().toString()));
        command.addAll(more);
        var answer = Commands.answer(LIMIT, command.toArray(String[]::new));
        try {
            return Json.read(answer, type);
        } catch (IOException unreadable) {
            throw new CliException(
                    "%s %s answers what is not its answer: %s"
                            .formatted(layout.supervisor(), act, unreadable.getMessage()));
        }
    }
}
