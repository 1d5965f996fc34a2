package dev.monopod.cli.host;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.kube.api.Machine;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Which hosts there are.
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = "Show the hosts, whether they take machines, and how many each has.")
final class HostList implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Override
    public Integer call() {
        try (var client = Cluster.connect(options.layout())) {
            var hosts = Hosts.all(client);
            if (options.json()) {
                CommonOptions.printJson(hosts);
                return 0;
            }
            var machines = client.resources(Machine.class).list().getItems();
            System.out.print(Hosts.table(hosts, machines, Clock.systemUTC()));
        }
        return 0;
    }
}
