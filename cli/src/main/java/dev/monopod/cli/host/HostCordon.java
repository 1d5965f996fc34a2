package dev.monopod.cli.host;

import dev.monopod.cli.installation.CommonOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Keeps new machines from a host.
@Command(
        name = "cordon",
        mixinStandardHelpOptions = true,
        description = "Give a host no new machines; those that it has run on.")
final class HostCordon implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(paramLabel = "NAME", description = "The host, as `monopod host list` has it.")
    private String name = "";

    @Override
    public Integer call() {
        Hosts.mark(options, name, true);
        return 0;
    }
}
