package dev.monopod.cli.join;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Which tokens there are, without their secrets.
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = "Show the tokens that can be used still, and the hosts that they made.")
final class TokenList implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Override
    public Integer call() {
        try (var client = Cluster.connect(options.layout())) {
            var tokens = Tokens.list(client);
            if (options.json()) {
                CommonOptions.printJson(Map.of("tokens", tokens));
            } else {
                System.out.printf("%-8s %-22s %s%n", "ID", "EXPIRES", "HOST");
                tokens.forEach(token ->
                        System.out.printf(
                                "%-8s %-22s %s%n", token.id(), token.expires(), token.host()));
            }
        }
        return 0;
    }
}
