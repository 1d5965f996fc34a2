package dev.monopod.cli.backup;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.ReleaseVersion;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Writes the state of the cluster into one file, while it runs.
@Command(
        name = "backup",
        mixinStandardHelpOptions = true,
        description = {
            "Write all objects of the cluster, and the keys without which they are of no use, into one file.",
            "Who has the file can read every Secret, and can be anyone in the cluster: keep it as this host's disk."
        },
        footer = {
            "",
            "It has no images, no logs, and nothing of what pods keep in their machines."
        })
public final class BackupCommand implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(paramLabel = "FILE", description = "File to write; it must not exist.")
    private Path file = Path.of("");

    @Override
    public Integer call() {
        var layout = options.layout();
        var version = ReleaseVersion.of(layout.dist()).version();
        var made = new ClusterState(layout).backup(file, version);
        if (options.json()) {
            CommonOptions.printJson(made);
        } else {
            System.out.printf(
                    "%s: %d objects at revision %d of etcd %s, Kubernetes %s; with the keys of Secrets, authorities and service accounts%n",
                    file, made.keys(), made.revision(), made.etcd(), made.kubernetes());
        }
        return 0;
    }
}
