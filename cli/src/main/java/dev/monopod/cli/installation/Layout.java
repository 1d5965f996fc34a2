package dev.monopod.cli.installation;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.host.file.PrivateFiles;
import dev.monopod.model.names.Defaults;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/// Where things are: what was built (of a checkout or of a release), the state that outlives a
/// reboot, and the sockets that do not.
public record Layout(Path dist, Path data, Path run) {
    /// File in the `pki` folder: who signs the API server's client certificate in a cluster that is
    /// another's.
    public static final String CLIENT_AUTHORITY = "joined-client-ca.crt";

    /// File in the data folder: the agent's credentials on a host that joined by a token.
    static final String MEMBER_KUBECONFIG = "kubeconfig/joined.kubeconfig";

    static final String CONTROL_PLANE = "monopod-control-plane";

    private static final String JOINED = "kubeconfig/joined-%s.kubeconfig";

    /// Of the sources; a release has a version of its own, [ReleaseVersion].
    public static final String VERSION = "0.1.0";

    static final Path DEFAULT_DATA = Path.of(Defaults.DATA_DIRECTORY);
    static final Path DEFAULT_RUN = Path.of(Defaults.RUN_DIRECTORY);

    public Layout {
        if (!dist.isAbsolute() || !data.isAbsolute() || !run.isAbsolute()) {
            throw new IllegalArgumentException("paths must be absolute: " + data + ", " + run);
        }
        if (data.getNameCount() < 2 || run.getNameCount() < 2) {
            throw new CliException(
                    "%s and %s: a folder directly under / is too much to own".formatted(data, run));
        }
    }

    /// The layout for these folders; `dist` is the folder that the launcher names.
    static Layout of(Path data, Path run) {
        return new Layout(
                named().toAbsolutePath().normalize(),
                data.toAbsolutePath().normalize(),
                run.toAbsolutePath().normalize());
    }

    /// What was built, as the launcher names it: that of a checkout, or an installed release.
    public static Path named() {
        return Path.of(Objects.requireNonNullElse(System.getenv("MONOPOD_DIST"), "dist"));
    }

    /// Whether it is one of the two folders that are Monopod's alone, or in one.
    public boolean holds(Path path) {
        return path.startsWith(data) || path.startsWith(run);
    }

    /// The program that commands call; what is supervised runs from [Programs].
    public Path controlPlane() {
        return dist.resolve(CONTROL_PLANE);
    }

    /// Copies of what was built, one folder for each build that runs or ran.
    Path programs() {
        return data.resolve("programs");
    }

    /// What `up` gave to the processes of this host last: a link to one of [#programs].
    public Path currentPrograms() {
        return programs().resolve("current");
    }

    /// The program that tends the processes of this host.
    public Path supervisor() {
        return currentPrograms().resolve(CONTROL_PLANE);
    }

    /// The `MONOPOD_…` variables that `up` was told, for a service manager.
    public Path environment() {
        return data.resolve("environment");
    }

    public Path memberKubeconfig() {
        return data.resolve(MEMBER_KUBECONFIG);
    }

    /// A process' credentials in a cluster that was there before Monopod.
    ///
    /// @param process `agent` or `controller`
    public Path guestKubeconfig(String process) {
        return data.resolve(JOINED.formatted(process));
    }

    /// What was decided for this host.
    Path installation() {
        return data.resolve("up.json");
    }

    /// What the running processes were built from.
    public Path build() {
        return data.resolve("build");
    }

    public Path supervisorConfig() {
        return data.resolve("supervisor.json");
    }

    public Path supervisorSocket() {
        return run.resolve("supervisor.sock");
    }

    public Path snapshot() {
        return run.resolve("before.json");
    }

    public Path adminKubeconfig() {
        return data.resolve("kubeconfig").resolve("admin.kubeconfig");
    }

    /// Present in every data folder that `up` made; without it nothing is deleted.
    public Path marker() {
        return data.resolve(".monopod");
    }

    public Path pki(String file) {
        return data.resolve("pki").resolve(file);
    }

    /// Log of a supervised process.
    public Path log(String process) {
        return data.resolve("logs").resolve(process + ".log");
    }

    public boolean ownsData() {
        return Files.exists(marker());
    }

    /// Makes the folders, where they are missing.
    ///
    /// @throws CliException if the data folder holds what is not Monopod's
    public void prepare() {
        try {
            Files.createDirectories(run);
            // HAProxy runs as another user and needs to pass through, not to look around.
            Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwx--x--x"));
            Files.createDirectories(data);
            if (!ownsData()) {
                try (var content = Files.list(data)) {
                    if (content.findAny().isPresent()) {
                        throw new CliException(
                                data + " holds files that are not Monopod's",
                                "choose an empty folder with --data-dir");
                    }
                }
                Files.createFile(marker());
            }
            PrivateFiles.ensureFolder(data);
            Files.createDirectories(data.resolve("logs"));
            var registries = data.resolve("registries.json");
            if (!Files.exists(registries)) {
                Files.createFile(registries, PrivateFiles.ofFile());
                Files.writeString(registries, "[]\n");
            }
            // It may hold passwords.
            PrivateFiles.close(registries);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
