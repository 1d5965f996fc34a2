package dev.monopod.cli;

import dev.monopod.model.names.Defaults;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
        subcommands = TokenCommand.Create.class)
final class TokenCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "token: create");
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Make a token, and print the command that joins another machine by it.")
    static final class Create implements Callable<Integer> {
        private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
        private static final int ID_LENGTH = 6;
        private static final int SECRET_LENGTH = 16;

        @Mixin private CommonOptions options = new CommonOptions();

        @Option(
                names = "--ttl",
                paramLabel = "DURATION",
                defaultValue = "PT24H",
                description = "How long it can be used, ISO 8601 (${DEFAULT-VALUE}).")
        private Duration life = Duration.ofHours(24);

        @Override
        public Integer call() {
            Layout layout = options.layout();
            UpConfig config =
                    UpConfig.read(layout)
                            .orElseThrow(() ->
                                    new CliException(
                                            "no cluster runs on this machine", "monopod up"));
            if (!config.kubeconfig().isEmpty()) {
                throw new CliException(
                        "the control plane of this cluster is not on this machine",
                        "run it where the control plane is; hosts of another's cluster join it by `monopod up --kubeconfig FILE`");
            }
            String address = config.place().underlayAddress();
            if (address.isEmpty()) {
                throw new CliException(
                        "this machine has no address that others reach",
                        "monopod up --underlay-address ADDRESS");
            }
            String token = create(layout);
            String command =
                    "monopod join %s:%d --token %s --ca-hash %s"
                            .formatted(address, Defaults.API_SERVER_PORT, token, hash(layout));
            if (options.json()) {
                CommonOptions.printJson(Map.of("token", token, "command", command));
            } else {
                System.out.println(command);
            }
            return 0;
        }

        /// @return ID.SECRET
        private String create(Layout layout) {
            String id = random(ID_LENGTH);
            String secret = random(SECRET_LENGTH);
            try (KubernetesClient client = Cluster.connect(layout)) {
                client.resource(
                                new SecretBuilder()
                                        .withNewMetadata()
                                        .withName("bootstrap-token-" + id)
                                        .withNamespace("kube-system")
                                        .endMetadata()
                                        .withType("bootstrap.kubernetes.io/token")
                                        .withStringData(
                                                Map.of(
                                                        "token-id",
                                                        id,
                                                        "token-secret",
                                                        secret,
                                                        "description",
                                                        "monopod token create",
                                                        "expiration",
                                                        Instant.now()
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
            return id + "." + secret;
        }

        private static String random(int length) {
            return new SecureRandom()
                    .ints(length, 0, LETTERS.length())
                    .mapToObj(index -> LETTERS.substring(index, index + 1))
                    .collect(Collectors.joining());
        }

        private static String hash(Layout layout) {
            try {
                byte[] key =
                        CertificateFactory.getInstance("X.509")
                                .generateCertificate(
                                        new ByteArrayInputStream(
                                                Files.readAllBytes(layout.pki("ca.crt"))))
                                .getPublicKey()
                                .getEncoded();
                return "sha256:"
                        + HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(key));
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            } catch (GeneralSecurityException broken) {
                throw new CliException("%s: %s".formatted(layout.pki("ca.crt"), broken));
            }
        }
    }
}
