package dev.monopod.cli.host;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.cluster.Revocation;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.terminal.CliException;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Takes its rights from a host whose key was stolen, or that was taken over.
@Command(
        name = "revoke",
        mixinStandardHelpOptions = true,
        description = {
            "Take all rights from a host that was captured, or whose key was stolen. From then on the cluster refuses it;",
            "its pods are made elsewhere once it has been silent for five minutes. Its name stays taken."
        })
final class HostRevoke implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(paramLabel = "NAME", description = "The host, as `monopod host list` has it.")
    private String name = "";

    @Override
    public Integer call() {
        var here =
                Installation.read(options.layout())
                        .filter(installation -> installation.standing().runsControlPlane())
                        .map(Installation::hostName);
        if (here.filter(name::equals).isPresent()) {
            throw new CliException(
                    "host %s has the control plane, and with it every key".formatted(name),
                    "monopod down --purge there, and make the cluster anew");
        }
        try (var client = Cluster.connect(options.layout())) {
            new Revocation(client, Clock.systemUTC()).of(Hosts.named(client, name));
        }
        System.out.println("host " + name + " has no rights any more");
        return 0;
    }
}
