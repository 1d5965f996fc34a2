package dev.monopod.host.image;

import dev.monopod.host.image.ImageStore.RegistryCredential;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/// One repository of a registry. Mirrors are asked first; what one does not have, or can't give,
/// the next is asked for, the registry itself last.
final class RegistrySource implements BlobSource {
    private final List<RegistryEndpoint> endpoints;
    private final Map<String, Integer> opened = new ConcurrentHashMap<>();
    private volatile Optional<RegistryCredential> credential = Optional.empty();

    /// @param credentials of any registries; those that match the image are used, the most specific
    ///   first
    RegistrySource(
            ImageReference reference,
            RegistryConfiguration configuration,
            List<RegistryCredential> credentials,
            RegistryHttp http) {
        var registry = configuration.of(reference.registry());
        var found = new ArrayList<RegistryEndpoint>();
        for (var mirror : registry.allMirrors()) {
            found.add(
                    new RegistryEndpoint(
                            mirror, reference, configuration.of(mirror), List.of(), http));
        }
        var host =
                reference.registry().equals("docker.io")
                        ? "registry-1.docker.io"
                        : reference.registry();
        found.add(
                new RegistryEndpoint(
                        host, reference, registry, matching(credentials, reference), http));
        this.endpoints = List.copyOf(found);
    }

    /// Those of the credentials that are meant for the image, the most specific first.
    static List<RegistryCredential> matching(
            List<RegistryCredential> credentials, ImageReference reference) {
        return credentials.stream()
                .filter(credential ->
                        RegistryPattern.parse(credential.registry())
                                .map(pattern -> pattern.matches(reference))
                                .orElse(false))
                .sorted(Comparator.comparing(RegistryCredential::registry).reversed())
                .toList();
    }

    /// With what the registry let us in for the last manifest; empty for anyone.
    Optional<RegistryCredential> credential() {
        return credential;
    }

    @Override
    public byte[] manifest(String tagOrDigest) {
        return ask(
                0,
                endpoint -> {
                    var json = endpoint.ask(client -> client.manifest(tagOrDigest));
                    credential = endpoint.credential();
                    return json;
                });
    }

    /// A blob that is asked for again came broken, so another host is asked for it, if there is
    /// one.
    @Override
    public InputStream blob(String digest, long mostBytes) {
        var before = opened.merge(digest, 1, Integer::sum) - 1;
        return ask(
                Math.min(before, endpoints.size() - 1),
                endpoint -> endpoint.ask(client -> client.blob(digest, mostBytes)));
    }

    private interface Question<T> {
        T put(RegistryEndpoint endpoint);
    }

    private <T> T ask(int first, Question<T> question) {
        var troubles = new ArrayList<ImageException>();
        for (var endpoint : endpoints.subList(first, endpoints.size())) {
            try {
                return question.put(endpoint);
            } catch (ImageException e) {
                troubles.add(e);
            }
        }
        if (troubles.size() == 1) {
            throw troubles.getFirst();
        }
        throw new ImageException(
                ImageException.Reason.PULL_FAILED,
                troubles.stream().map(Throwable::getMessage).collect(Collectors.joining("; ")),
                troubles.getLast());
    }
}
