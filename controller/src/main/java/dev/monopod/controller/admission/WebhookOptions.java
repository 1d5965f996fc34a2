package dev.monopod.controller.admission;

import dev.monopod.controller.serving.SharedCertificate;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.names.Defaults;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// Where the API server reaches the webhooks, and by which certificate it knows them: at an address
/// with files that somebody else renews, or by a Service with a Secret that the replicas renew.
public final class WebhookOptions {
    private static final int SERVICE_PORT = 443;

    @Option(
            names = "--webhook-bind",
            defaultValue = "127.0.0.1:" + Defaults.WEBHOOK_PORT,
            converter = AddressConverter.class)
    private InetSocketAddress bind = new InetSocketAddress(Defaults.WEBHOOK_PORT);

    @Option(names = "--webhook-url", defaultValue = "https://127.0.0.1:" + Defaults.WEBHOOK_PORT)
    private String url = "";

    @Option(
            names = "--webhook-service",
            description = "NAMESPACE/NAME, instead of the URL",
            converter = NamedConverter.class)
    private Optional<Named> service = Optional.empty();

    @Option(
            names = "--webhook-secret",
            description =
                    "of the Service's namespace, instead of files; kept by the controller, has to be there")
    private Optional<String> secret = Optional.empty();

    @Option(names = "--webhook-ca-cert", description = "PEM: who signed the certificate")
    private Path authority = Path.of("webhook-ca.crt");

    @Option(names = "--webhook-cert", description = "PEM; re-read when it changes")
    private Path certificate = Path.of("webhook.crt");

    @Option(names = "--webhook-key")
    private Path key = Path.of("webhook.key");

    /// An object of a namespace.
    private record Named(String namespace, String name) {}

    public InetSocketAddress address() {
        return bind;
    }

    /// The certificate to serve, and where the webhooks are. With a Secret it returns when that has
    /// one.
    ///
    /// @throws IllegalArgumentException if options are missing
    /// @throws IOException if there is no folder for the Secret's content
    public Identity open(KubernetesClient client, Loops loops) throws IOException {
        if (secret.isEmpty()) {
            return new Identity(
                    certificate, key, () -> endpoint(read(authority)), Optional.empty());
        }
        var of =
                service.orElseThrow(() ->
                        new IllegalArgumentException(
                                "--webhook-secret keeps the certificate of a Service: --webhook-service is missing"));
        var shared =
                new SharedCertificate(
                        client,
                        new SharedCertificate.Place(of.namespace(), secret.get(), of.name()),
                        Files.createTempDirectory("webhook"),
                        loops,
                        Clock.systemUTC());
        shared.start();
        return new Identity(
                shared.certificate(),
                shared.key(),
                () -> endpoint(shared.authorities()),
                Optional.of(shared));
    }

    private WebhookEndpoint endpoint(String authorities) {
        return service.<WebhookEndpoint>map(it ->
                        new WebhookEndpoint.Service(
                                it.namespace(), it.name(), SERVICE_PORT, authorities))
                .orElseGet(() -> new WebhookEndpoint.Url(url, authorities));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /// @param certificate PEM, leaf first
    /// @param key PEM
    /// @param endpoint as it is at the time
    public record Identity(
            Path certificate,
            Path key,
            Supplier<WebhookEndpoint> endpoint,
            Optional<SharedCertificate> shared)
            implements AutoCloseable {
        /// Calls the listener when the API server is to trust others; never with files.
        public void onAuthorities(Runnable listener) {
            shared.ifPresent(it -> it.onAuthorities(listener));
        }

        @Override
        public void close() {
            shared.ifPresent(SharedCertificate::close);
        }
    }

    /// `ADDRESS:PORT`.
    public static final class AddressConverter implements ITypeConverter<InetSocketAddress> {
        @Override
        public InetSocketAddress convert(String text) {
            var colon = text.lastIndexOf(':');
            try {
                return new InetSocketAddress(
                        text.substring(0, Math.max(colon, 0)),
                        Integer.parseInt(text.substring(colon + 1)));
            } catch (IllegalArgumentException malformed) {
                throw new TypeConversionException("'%s' is no ADDRESS:PORT".formatted(text));
            }
        }
    }

    private static final class NamedConverter implements ITypeConverter<Named> {
        @Override
        public Named convert(String text) {
            var slash = text.indexOf('/');
            if (slash < 1 || slash == text.length() - 1) {
                throw new TypeConversionException("'%s' is no NAMESPACE/NAME".formatted(text));
            }
            return new Named(text.substring(0, slash), text.substring(slash + 1));
        }
    }
}
