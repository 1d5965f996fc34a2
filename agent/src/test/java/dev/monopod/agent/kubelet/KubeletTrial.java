package dev.monopod.agent.kubelet;

import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Serves the kubelet API of [LocalProcessPods] for trials by hand, with any token and for anyone:
/// `KubeletTrial DIRECTORY PORT`.
final class KubeletTrial {
    private KubeletTrial() {}

    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var certificates =
                ServingCertificates.open(
                        directory.resolve("ca.crt"),
                        directory.resolve("ca.key"),
                        Optional.empty(),
                        List.of("127.0.0.1", "localhost"),
                        Clock.systemUTC());
        try (var server =
                new KubeletServer(
                        new KubeletServerConfiguration(Integer.parseInt(arguments[1]), "host-1"),
                        new LocalProcessPods(),
                        token ->
                                Optional.of(new Authenticator.User(token, "", List.of(), Map.of())),
                        (user, access) -> true,
                        certificates)) {
            server.start();
            System.out.println("listening at " + server.port());
            Thread.currentThread().join();
        }
    }
}
