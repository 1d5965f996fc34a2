package dev.monopod.host.image;

import dev.monopod.host.image.ImageStore.RegistryCredential;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import land.oras.ContainerRef;
import land.oras.Registry;
import land.oras.auth.UsernamePasswordProvider;
import land.oras.exception.OrasException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One host that serves a repository: the registry, or a mirror of it. Each credential is tried in
/// turn; without any, it is asked as by anyone. A wrong one is not passed over in silence, even
/// where the image is public.
final class RegistryEndpoint {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryEndpoint.class);
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int SERVER_ERROR = 500;
    private static final int ATTEMPTS = 3;

    private final String host;
    private final ImageReference reference;
    private final RegistryConfiguration.RegistrySettings settings;
    private final List<Access> accesses;
    private volatile int working;

    /// @param credential empty for anyone
    private record Access(Registry client, Optional<RegistryCredential> credential) {}

    /// A question to a registry, for the manifest or blob at the reference.
    interface Question<T> {
        T put(Registry registry, ContainerRef at);
    }

    /// @param host to connect to
    RegistryEndpoint(
            String host,
            ImageReference reference,
            RegistryConfiguration.RegistrySettings settings,
            List<RegistryCredential> credentials) {
        this.host = host;
        this.reference = reference;
        this.settings = settings;
        var found = new ArrayList<Access>();
        for (var credential : credentials) {
            found.add(client(credential));
        }
        if (settings.username() != null && settings.password() != null) {
            found.add(
                    client(
                            new RegistryCredential(
                                    settings.registry(),
                                    settings.username(),
                                    settings.password())));
        }
        if (found.isEmpty()) {
            found.add(new Access(builder().build(), Optional.empty()));
        }
        this.accesses = List.copyOf(found);
    }

    /// With what the last question was answered.
    Optional<RegistryCredential> credential() {
        return accesses.get(working).credential();
    }

    /// @throws ImageException with the registry's words
    <T> T ask(String tagOrDigest, Question<T> question) {
        for (var attempt = 1; ; attempt++) {
            var access = working;
            try {
                return question.put(accesses.get(access).client(), at(tagOrDigest));
            } catch (OrasException e) {
                var status = e.getStatusCode() == null ? 0 : e.getStatusCode();
                if ((status == UNAUTHORIZED || status == FORBIDDEN)
                        && access + 1 < accesses.size()) {
                    working = access + 1;
                } else if (attempt >= ATTEMPTS || (status > 0 && status < SERVER_ERROR)) {
                    throw translate(e, status);
                }
            }
        }
    }

    private ImageException translate(OrasException e, int status) {
        LOG.debug("{} at registry {}", reference, host, e);
        var words =
                e.getError() == null || e.getError().code() == null
                        ? e.getCause() == null ? String.valueOf(e.getMessage()) : cause(e)
                        : e.getError().code() + ": " + e.getError().message();
        return new ImageException(
                ImageException.Reason.PULL_FAILED,
                "failed to pull image \"%s\" from registry %s: %s%s"
                        .formatted(
                                reference, host, status <= 0 ? "" : "HTTP " + status + " ", words));
    }

    /// Why no answer came, in words that an operator knows: Java's exceptions for it often have
    /// none.
    private static String cause(Throwable e) {
        var causes = Stream.iterate(e, Objects::nonNull, Throwable::getCause).toList();
        for (var cause : causes) {
            switch (cause) {
                case HttpConnectTimeoutException _ -> {
                    return "no connection in time";
                }
                case HttpTimeoutException _ -> {
                    return "no answer in time";
                }
                case ConnectException _
                        when causes.stream()
                                .anyMatch(UnresolvedAddressException.class::isInstance) -> {
                    return "unknown host";
                }
                case ConnectException _ -> {
                    return cause.getMessage() == null ? "connection refused" : cause.getMessage();
                }
                default -> {}
            }
        }
        var last = causes.getLast();
        return last.getMessage() == null ? last.getClass().getSimpleName() : last.getMessage();
    }

    private ContainerRef at(String tagOrDigest) {
        var separator = tagOrDigest.startsWith("sha256:") ? "@" : ":";
        return ContainerRef.parse(host + "/" + reference.repository() + separator + tagOrDigest);
    }

    private Registry.Builder builder() {
        var builder = Registry.builder().withRegistry(host).withInsecure(settings.plainHttp());
        var caFile = settings.caFile();
        return caFile == null ? builder : builder.withCaFile(Path.of(caFile));
    }

    private Access client(RegistryCredential credential) {
        var provider = new UsernamePasswordProvider(credential.username(), credential.password());
        return new Access(builder().withAuthProvider(provider).build(), Optional.of(credential));
    }
}
