package dev.monopod.agent.kubelet;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Serves the kubelet API of [LocalProcessPods] for trials by hand: `KubeletTrial DIRECTORY PORT`
/// with any token and for anyone, `KubeletTrial DIRECTORY PORT KUBECONFIG CLIENT_CA` for those whom
/// an API server knows and allows.
final class KubeletTrial {
    private KubeletTrial() {}

    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var certificates =
                ServingCertificates.open(
                        directory.resolve("ca.crt"),
                        directory.resolve("ca.key"),
                        arguments.length > 3
                                ? Optional.of(Path.of(arguments[3]))
                                : Optional.empty(),
                        List.of("127.0.0.1", "localhost"),
                        Clock.systemUTC());
        Authenticator authenticator =
                token -> Optional.of(new Authenticator.User(token, "", List.of(), Map.of()));
        Authorizer authorizer = (user, access) -> true;
        if (arguments.length > 2) {
            var client =
                    new KubernetesClientBuilder()
                            .withConfig(Config.fromKubeconfig(Path.of(arguments[2]).toFile()))
                            .build();
            authenticator = new TokenReviewAuthenticator(client, Clock.systemUTC());
            authorizer = new SubjectAccessReviewAuthorizer(client, Clock.systemUTC());
        }
        try (var server =
                new KubeletServer(
                        new KubeletServerConfiguration(Integer.parseInt(arguments[1]), "host-1"),
                        new LocalProcessPods(),
                        authenticator,
                        authorizer,
                        certificates)) {
            server.start();
            System.out.println("listening at " + server.port());
            System.out.println("for web at " + server.open("m-web", "127.0.0.1"));
            System.out.println("for db at " + server.open("m-db", "127.0.0.1"));
            Thread.currentThread().join();
        }
    }
}
