package dev.monopod.host.image;

import dev.monopod.host.image.ImageStore.RegistryCredential;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.ssl.SSLContexts;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One host that serves a repository: the registry, or a mirror of it. Each credential is tried in
/// turn; without any, it is asked as by anyone. A wrong one is not passed over in silence, even
/// where the image is public.
final class RegistryEndpoint {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryEndpoint.class);
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int TOO_MANY = 429;
    private static final int SERVER_ERROR = 500;
    private static final int ATTEMPTS = 3;

    private final String host;
    private final ImageReference reference;
    private final List<RegistryClient> clients;
    private volatile int working;

    /// A question to a registry.
    interface Question<T> {
        T put(RegistryClient registry) throws IOException;
    }

    /// @param host to connect to
    /// @throws ImageException when the registry's certificates can't be read
    RegistryEndpoint(
            String host,
            ImageReference reference,
            RegistryConfiguration.RegistrySettings settings,
            List<RegistryCredential> credentials,
            RegistryHttp http) {
        this.host = host;
        this.reference = reference;
        var all = new ArrayList<>(credentials);
        if (settings.username() != null && settings.password() != null) {
            all.add(
                    new RegistryCredential(
                            settings.registry(), settings.username(), settings.password()));
        }
        var base = URI.create((settings.plainHttp() ? "http" : "https") + "://" + host);
        var tls = tls(settings.caFile());
        var asked =
                all.isEmpty()
                        ? List.of(Optional.<RegistryCredential>empty())
                        : all.stream().map(Optional::of).toList();
        this.clients =
                asked.stream()
                        .map(one ->
                                new RegistryClient(http, base, reference.repository(), tls, one))
                        .toList();
    }

    private SSLContext tls(@Nullable String caFile) {
        try {
            return caFile == null
                    ? SSLContexts.createSystemDefault()
                    : TrustedAuthorities.of(Path.of(caFile));
        } catch (IOException e) {
            throw failed(String.valueOf(e.getMessage()), e);
        }
    }

    /// With what the last question was answered.
    Optional<RegistryCredential> credential() {
        return clients.get(working).credential();
    }

    /// @throws ImageException with the status, and no word of what came with it
    <T> T ask(Question<T> question) {
        for (var attempt = 1; ; attempt++) {
            var asked = working;
            try {
                return question.put(clients.get(asked));
            } catch (IOException e) {
                var status = e instanceof RegistryClient.Refused refused ? refused.status() : 0;
                if ((status == UNAUTHORIZED || status == FORBIDDEN) && asked + 1 < clients.size()) {
                    working = asked + 1;
                } else if (attempt >= ATTEMPTS
                        || Thread.currentThread().isInterrupted()
                        || (status > 0 && status < SERVER_ERROR)) {
                    LOG.debug("{} at registry {}", reference, host, e);
                    throw failed(status > 0 ? words(status) : words(e), e);
                }
            }
        }
    }

    private ImageException failed(String words, IOException e) {
        return new ImageException(
                ImageException.Reason.PULL_FAILED,
                "failed to pull image \"%s\" from registry %s: %s"
                        .formatted(reference, host, words),
                e);
    }

    private static String words(int status) {
        return "HTTP "
                + status
                + switch (status) {
                    case UNAUTHORIZED -> " unauthorized";
                    case FORBIDDEN -> " access denied";
                    case NOT_FOUND -> " not found";
                    case TOO_MANY -> " too many requests";
                    default -> "";
                };
    }

    /// Java's words may be those of a certificate.
    private static String words(IOException e) {
        return switch (e) {
            case SSLException _ -> "no trusted TLS connection: its certificate or protocol";
            case SocketTimeoutException _ -> "no answer in time";
            case ConnectException _ -> "connection refused";
            default -> String.valueOf(e.getMessage());
        };
    }
}
