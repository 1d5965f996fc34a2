package dev.monopod.cli;

import dev.monopod.model.names.Defaults;
import java.nio.file.Files;
import java.nio.file.Path;

/// Where things are: the built checkout, the state that outlives a reboot, and the sockets that do
/// not.
record Layout(Path dist, Path data, Path run) {
    /// Of this build.
    static final String VERSION = "0.1.0";

    static final Path DEFAULT_DATA = Path.of(Defaults.DATA_DIRECTORY);
    static final Path DEFAULT_RUN = Path.of(Defaults.RUN_DIRECTORY);

    Layout {
        if (!dist.isAbsolute() || !data.isAbsolute() || !run.isAbsolute()) {
            throw new IllegalArgumentException("paths must be absolute: " + data + ", " + run);
        }
        if (data.getNameCount() < 2 || run.getNameCount() < 2) {
            throw new CliException(
                    "%s and %s: a folder directly under / is too much to own".formatted(data, run));
        }
    }

    /// The layout for these folders; `dist` is that of the checkout that the launcher names.
    static Layout of(Path data, Path run) {
        String root = System.getenv("MONOPOD_ROOT");
        Path checkout = root == null ? Path.of("") : Path.of(root);
        return new Layout(
                checkout.toAbsolutePath().normalize().resolve("dist"),
                data.toAbsolutePath().normalize(),
                run.toAbsolutePath().normalize());
    }

    Path controlPlane() {
        return dist.resolve("monopod-control-plane");
    }

    /// The jar that is one of our processes: its manifest names the main class and the class path.
    Path program(String name) {
        return dist.resolve("lib").resolve("monopod-%s-%s.jar".formatted(name, VERSION));
    }

    Path supervisorConfig() {
        return data.resolve("supervisor.json");
    }

    Path supervisorSocket() {
        return run.resolve("supervisor.sock");
    }

    Path snapshot() {
        return run.resolve("before.json");
    }

    Path adminKubeconfig() {
        return data.resolve("kubeconfig").resolve("admin.kubeconfig");
    }

    /// Present in every data folder that `up` made; without it nothing is deleted.
    Path marker() {
        return data.resolve(".monopod");
    }

    Path pki(String file) {
        return data.resolve("pki").resolve(file);
    }

    /// Log of a supervised process.
    Path log(String process) {
        return data.resolve("logs").resolve(process + ".log");
    }

    boolean ownsData() {
        return Files.exists(marker());
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
