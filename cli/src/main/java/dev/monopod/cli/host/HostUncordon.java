package dev.monopod.cli.host;

import dev.monopod.cli.installation.CommonOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Lets machines come to a host again.
@Command(
        name = "uncordon",
        mixinStandardHelpOptions = true,
        description = "Give a host machines again, after `host cordon` or `host drain`.")
final class HostUncordon implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(paramLabel = "NAME", description = "The host, as `monopod host list` has it.")
    private String name = "";

    @Override
    public Integer call() {
        Hosts.mark(options, name, false);
        return 0;
    }
}
