package dev.monopod.cli.join;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.CliException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Takes a token back.
@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        description = "Take a token back: no host joins by it any more.")
final class TokenDelete implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(paramLabel = "ID", description = "The token's first part, as `token list` has it.")
    private String id = "";

    @Override
    public Integer call() {
        try (var client = Cluster.connect(options.layout())) {
            // Who pastes the whole token must not see it in an error.
            var first = id.split("\\.", 2)[0];
            if (!Tokens.delete(client, first)) {
                throw new CliException("there is no token " + first, "monopod token list");
            }
        }
        return 0;
    }
}
