package dev.monopod.cli.join;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.Standing;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.model.names.Defaults;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Bootstrap tokens, by which other machines join this one's cluster.
@Command(
        name = "token",
        mixinStandardHelpOptions = true,
        description = "Tokens by which other machines join this cluster.",
        subcommands = {TokenCommand.Create.class, TokenList.class, TokenDelete.class})
public final class TokenCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "token: create, list or delete");
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Make a token, and print the command that joins another machine by it.")
    static final class Create implements Callable<Integer> {
        private final Clock clock = Clock.systemUTC();
        private final RandomGenerator random = new SecureRandom();
        @Mixin private CommonOptions options = new CommonOptions();

        @Option(
                names = "--ttl",
                paramLabel = "DURATION",
                defaultValue = "PT24H",
                description = "How long it can be used, ISO 8601 (${DEFAULT-VALUE}).")
        private Duration life = Duration.ofHours(24);

        @Option(
                names = "--host",
                paramLabel = "NAME",
                description =
                        "The host that it is for; one that is in the cluster joins anew by such a token only.")
        private @Nullable String host;

        @Override
        public Integer call() {
            var layout = options.layout();
            var installation =
                    Installation.read(layout)
                            .orElseThrow(() ->
                                    new CliException(
                                            "no cluster runs on this machine", "monopod up"));
            String address =
                    switch (installation.standing()) {
                        case Standing.First first -> first.underlay();
                        case Standing.Alone _ ->
                                throw new CliException(
                                        "this machine has no address that others reach",
                                        "monopod up --underlay-address ADDRESS");
                        case Standing.Member _, Standing.Guest _ ->
                                throw new CliException(
                                        "the control plane of this cluster is not on this machine",
                                        "run it where the control plane is; hosts of another's cluster join it by `monopod up --kubeconfig FILE`");
                    };
            var token = Token.make(random);
            create(layout, token);
            var command =
                    "echo %s | monopod join %s --token-file - --ca-hash %s"
                            .formatted(
                                    token.text(),
                                    new ApiServer(address, Defaults.API_SERVER_PORT),
                                    hash(layout).text());
            if (options.json()) {
                CommonOptions.printJson(Map.of("token", token.text(), "command", command));
            } else {
                System.out.println(command);
            }
            return 0;
        }

        private void create(Layout layout, Token token) {
            try (var client = Cluster.connect(layout)) {
                client.resource(
                                new SecretBuilder()
                                        .withNewMetadata()
                                        .withName(Tokens.PREFIX + token.id())
                                        .withNamespace(Tokens.NAMESPACE)
                                        .withAnnotations(
                                                host == null
                                                        ? Map.of()
                                                        : Map.of(Tokens.HOST_ANNOTATION, host))
                                        .endMetadata()
                                        .withType(Tokens.TYPE)
                                        .withStringData(
                                                Map.of(
                                                        "token-id",
                                                        token.id(),
                                                        "token-secret",
                                                        token.secret(),
                                                        "description",
                                                        Tokens.DESCRIPTION,
                                                        "expiration",
                                                        clock.instant()
                                                                .plus(life)
                                                                .truncatedTo(ChronoUnit.SECONDS)
                                                                .toString(),
                                                        "usage-bootstrap-authentication",
                                                        "true",
                                                        "auth-extra-groups",
                                                        "system:bootstrappers:monopod"))
                                        .build())
                        .create();
            }
        }

        private static AuthorityHash hash(Layout layout) {
            try {
                return AuthorityHash.of(Files.readAllBytes(layout.pki("ca.crt")));
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            } catch (GeneralSecurityException broken) {
                throw new CliException("%s: %s".formatted(layout.pki("ca.crt"), broken));
            }
        }
    }
}
