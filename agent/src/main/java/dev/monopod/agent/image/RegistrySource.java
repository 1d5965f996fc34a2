package dev.monopod.agent.image;

import dev.monopod.agent.image.ImageStore.RegistryCredential;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import land.oras.ContainerRef;
import land.oras.Registry;
import land.oras.auth.UsernamePasswordProvider;
import land.oras.exception.OrasException;

/// One repository of a registry, asked by the ORAS SDK, which does tokens, basic authentication and
/// redirects. Each credential is tried in turn; without any, the registry is asked as by anyone. A
/// wrong one is not passed over in silence, even where the image is public.
final class RegistrySource implements BlobSource {
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int SERVER_ERROR = 500;
    private static final int ATTEMPTS = 3;

    private final ImageReference reference;
    private final RegistryConfiguration.RegistrySettings settings;
    private final List<Registry> registries;
    private int working;

    RegistrySource(
            ImageReference reference,
            RegistryConfiguration configuration,
            List<RegistryCredential> credentials) {
        this.reference = reference;
        this.settings = configuration.of(reference.registry());
        var found = new ArrayList<Registry>();
        for (var credential : credentials) {
            if (credential.registry().equals(reference.registry())) {
                found.add(client(credential.username(), credential.password()));
            }
        }
        if (settings.username() != null && settings.password() != null) {
            found.add(client(settings.username(), settings.password()));
        }
        if (found.isEmpty()) {
            found.add(builder().build());
        }
        this.registries = List.copyOf(found);
    }

    @Override
    public byte[] manifest(String tagOrDigest) {
        return ask(registry -> registry.getDescriptor(at(tagOrDigest)).getJson())
                .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public InputStream blob(String digest) {
        return ask(registry -> registry.fetchBlob(at(digest)));
    }

    private interface Question<T> {
        T put(Registry registry);
    }

    private <T> T ask(Question<T> question) {
        for (var attempt = 1; ; attempt++) {
            try {
                var client = registries.get(working);
                return question.put(client);
            } catch (OrasException e) {
                var status = e.getStatusCode() == null ? 0 : e.getStatusCode();
                if ((status == UNAUTHORIZED || status == FORBIDDEN)
                        && working + 1 < registries.size()) {
                    working++;
                } else if (attempt >= ATTEMPTS || (status > 0 && status < SERVER_ERROR)) {
                    throw translate(e, status);
                }
            }
        }
    }

    private ImageException translate(OrasException e, int status) {
        var words =
                e.getError() == null || e.getError().code() == null
                        ? e.getMessage() + (e.getCause() == null ? "" : ": " + root(e))
                        : e.getError().code() + ": " + e.getError().message();
        return new ImageException(
                ImageException.Reason.PULL_FAILED,
                "failed to pull image \"%s\" from registry %s: %s%s"
                        .formatted(
                                reference,
                                host(),
                                status == 0 ? "" : "HTTP " + status + " ",
                                words));
    }

    private static String root(Throwable e) {
        var cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    private String host() {
        var mirror = settings.mirror();
        if (mirror != null) {
            return mirror;
        }
        return reference.registry().equals("docker.io")
                ? "registry-1.docker.io"
                : reference.registry();
    }

    private ContainerRef at(String tagOrDigest) {
        var separator = tagOrDigest.startsWith("sha256:") ? "@" : ":";
        return ContainerRef.parse(host() + "/" + reference.repository() + separator + tagOrDigest);
    }

    private Registry.Builder builder() {
        var builder = Registry.builder().withRegistry(host()).withInsecure(settings.plainHttp());
        var caFile = settings.caFile();
        return caFile == null ? builder : builder.withCaFile(Path.of(caFile));
    }

    private Registry client(String username, String password) {
        return builder().withAuthProvider(new UsernamePasswordProvider(username, password)).build();
    }
}
