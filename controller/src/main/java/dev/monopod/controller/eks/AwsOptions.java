package dev.monopod.controller.eks;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// What the command line says of AWS' APIs. Without an address they are off.
public final class AwsOptions {
    @Option(names = "--eks-bind", description = "ADDRESS:PORT where tools of AWS are answered")
    private Optional<String> bind = Optional.empty();

    @Option(
            names = "--eks-auth-bind",
            description = "ADDRESS:PORT where agents ask for credentials of their pods")
    private Optional<String> agents = Optional.empty();

    @Option(names = "--eks-cert", description = "PEM; re-read when it changes")
    private Path certificate = Path.of("eks.crt");

    @Option(names = "--eks-key")
    private Path key = Path.of("eks.key");

    @Option(
            names = "--api-server-url",
            description = "of the API server, as who calls the EKS API reaches it")
    private String apiServer = "";

    @Option(names = "--api-server-ca-cert", description = "PEM: who signed its certificate")
    private Path authority = Path.of("ca.crt");

    @Option(names = "--service-cidr", description = "range of the Services")
    private String services = "";

    @Option(names = "--service-account-issuer", description = "of service accounts' tokens")
    private String issuer = "";

    /// Whether the command line asks for them.
    public boolean isOn() {
        return bind.isPresent();
    }

    Optional<String> bind() {
        return bind;
    }

    Optional<String> agents() {
        return agents;
    }

    Path certificate() {
        return certificate;
    }

    Path key() {
        return key;
    }

    String apiServer() {
        return apiServer;
    }

    Path authority() {
        return authority;
    }

    String services() {
        return services;
    }

    String issuer() {
        return issuer;
    }
}
