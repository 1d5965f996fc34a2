package dev.monopod.cli.backup;

import dev.monopod.cli.installation.CommonOptions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Puts back what `backup` wrote, while nothing runs.
@Command(
        name = "restore",
        mixinStandardHelpOptions = true,
        description = {
            "Put the state of the cluster back that `backup` wrote. Monopod must be stopped: monopod stop.",
            "What is there is put aside into the data folder. A file that is spoilt changes nothing."
        },
        footer = {
            "",
            "Machines of pods that the backup has run on; those of pods made after it end soon after monopod start."
        })
public final class RestoreCommand implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(paramLabel = "FILE", description = "File that `monopod backup` wrote.")
    private Path file = Path.of("");

    @Override
    public Integer call() {
        var done = new ClusterState(options.layout()).restore(file);
        if (options.json()) {
            CommonOptions.printJson(done);
        } else {
            var of = done.manifest();
            System.out.printf(
                    "The cluster is as it was at %s: %d objects. What was there is in %s%nTo go on: monopod start%n",
                    of.time(), of.keys(), done.aside());
        }
        return 0;
    }
}
