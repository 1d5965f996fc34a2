package dev.monopod.cli.host;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// What is done to hosts from the first host.
@Command(
        name = "host",
        mixinStandardHelpOptions = true,
        description = "Hosts of the cluster.",
        subcommands = {
            HostList.class,
            HostCordon.class,
            HostUncordon.class,
            HostDrain.class,
            HostRevoke.class
        })
public final class HostCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing required subcommand");
    }
}
