package dev.monopod.cli.net;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.Table;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What the network does, in words.
@Command(
        name = "net",
        mixinStandardHelpOptions = true,
        description = "Look at the network of the VPC.",
        subcommands = NetCommand.TraceCommand.class)
public final class NetCommand {
    /// Names each rule that a connection meets. Exit code 0 if it passes, 1 if it is dropped.
    @Command(
            name = "trace",
            mixinStandardHelpOptions = true,
            description = {
                "Name the rule, route or translation that lets a connection through or drops it.",
                "Answers from the API objects by the rules that the hosts apply."
            })
    static final class TraceCommand implements Callable<Integer> {
        @Mixin private CommonOptions options = new CommonOptions();

        @Parameters(index = "0", paramLabel = "POD", description = "Who connects: [NAMESPACE/]POD.")
        private String pod = "";

        @Parameters(
                index = "1",
                paramLabel = "TARGET",
                description = "To whom: [NAMESPACE/]POD, svc/[NAMESPACE/]SERVICE or an address.")
        private String target = "";

        @Parameters(
                index = "2",
                arity = "0..1",
                paramLabel = "PORT",
                description = "Number or name (80); for icmp the type (8).")
        private String port = "";

        @Option(
                names = {"-n", "--namespace"},
                defaultValue = "default",
                description = "Namespace of what names none (${DEFAULT-VALUE}).")
        private String namespace = "default";

        @Option(
                names = "--protocol",
                defaultValue = "tcp",
                description = "tcp, udp, sctp or icmp (${DEFAULT-VALUE}).")
        private String protocol = "tcp";

        private String port() {
            return !port.isEmpty() ? port : protocol.equalsIgnoreCase("icmp") ? "8" : "80";
        }

        @Override
        public Integer call() {
            try (var client = Cluster.connect(options.layout())) {
                var answer =
                        new NetTrace(NetReads.all(client))
                                .trace(
                                        new NetTrace.Question(
                                                NetEnd.pod(pod, namespace),
                                                NetEnd.parse(target, namespace),
                                                port(),
                                                NetTrace.Wire.parse(protocol)));
                if (options.json()) {
                    CommonOptions.printJson(answer);
                } else {
                    var table = new Table("STEP", "PACKET", "VERDICT", "BY");
                    answer.steps()
                            .forEach(step ->
                                    table.row(
                                            step.step(), step.packet(), step.verdict(), step.by()));
                    System.out.print(table);
                    System.out.println(answer.summary());
                }
                return answer.passes() ? 0 : 1;
            }
        }
    }
}
