package dev.monopod.controller.serving;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Patches;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The certificate of a Service of the cluster, in a Secret that all replicas read and each may
/// renew: of two that do so at once the API server takes one. What is served now lies in files
/// beside it. The Secret has to be there, and may be empty: whoever installs the replicas makes it,
/// so that these need no right to make Secrets.
public final class SharedCertificate implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedCertificate.class);
    private static final Duration PERIOD = Duration.ofSeconds(10);
    private static final int ATTEMPTS = 10;

    private final KubernetesClient client;
    private final Place place;
    private final Path folder;
    private final InstantSource clock;
    private final Loop loop;
    private volatile String authorities = "";
    private volatile Runnable onAuthorities = () -> {};

    /// @param secret name of the Secret
    /// @param service that is served; both are in the namespace
    public record Place(String namespace, String secret, String service) {
        /// As which the API server asks for it.
        List<String> names() {
            return List.of(service + "." + namespace + ".svc");
        }
    }

    /// @param folder of this process alone, in memory if possible: the key lies there
    public SharedCertificate(
            KubernetesClient client, Place place, Path folder, Loops loops, InstantSource clock) {
        this.client = client;
        this.place = place;
        this.folder = folder;
        this.clock = clock;
        this.loop = loops.loop("certificate", Pace.every(PERIOD), this::pass);
    }

    /// Reads the Secret, or fills it, and goes on to do so.
    ///
    /// @throws KubernetesClientException if it is not there, or may not be read or written
    public void start() {
        for (int i = 0; !settle(); i++) {
            if (i == ATTEMPTS) {
                throw new KubernetesClientException(
                        "Secret %s/%s was changed by others at each of %d attempts"
                                .formatted(place.namespace(), place.secret(), ATTEMPTS));
            }
        }
        loop.start();
    }

    /// PEM; see [ServingCertificate].
    public Path certificate() {
        return folder.resolve("webhook.crt");
    }

    /// PEM, PKCS 8.
    public Path key() {
        return folder.resolve("webhook.key");
    }

    /// What callers are to trust, PEM.
    public String authorities() {
        return authorities;
    }

    /// Called, on the loop's thread, when others are to be trusted.
    public void onAuthorities(Runnable listener) {
        onAuthorities = listener;
    }

    @Override
    public void close() {
        loop.close();
    }

    private void pass() {
        if (!settle()) {
            loop.nudge();
        }
    }

    /// False if another replica was first, whose pair is to be read.
    private boolean settle() {
        @Nullable Secret secret =
                client.secrets().inNamespace(place.namespace()).withName(place.secret()).get();
        if (secret == null) {
            throw new KubernetesClientException(
                    "Secret %s/%s is not there; it comes with what installs the controller"
                            .formatted(place.namespace(), place.secret()));
        }
        var now = clock.instant();
        var data = decoded(secret);
        var kept = CertificatePairs.parse(data).kept(place.names(), now);
        if (!kept.data().equals(data)) {
            if (!write(secret, kept)) {
                return false;
            }
            LOG.info("the certificates of {} are {}", place.service(), kept.all());
        }
        var told = kept.authorities();
        var changed = !told.equals(authorities);
        authorities = told;
        kept.served(now).ifPresent(this::serve);
        if (changed) {
            onAuthorities.run();
        }
        return true;
    }

    private boolean write(Secret secret, CertificatePairs pairs) {
        var data = new HashMap<String, @Nullable String>();
        Objects.requireNonNullElse(secret.getData(), Map.<String, String>of())
                .keySet()
                .forEach(name -> data.put(name, null));
        pairs.data()
                .forEach((name, text) ->
                        data.put(name, Base64.getEncoder().encodeToString(text.getBytes(UTF_8))));
        try {
            new Patches(client)
                    .merge(
                            secret,
                            Map.of(
                                    "metadata",
                                    Map.of(
                                            "resourceVersion",
                                            secret.getMetadata().getResourceVersion()),
                                    "data",
                                    data));
            return true;
        } catch (KubernetesClientException failure) {
            if (ApiCode.CONFLICT.in(failure)) {
                return false;
            }
            throw failure;
        }
    }

    private void serve(CertificatePair pair) {
        try {
            // The certificate last: whoever reads between has a pair that does not fit, and keeps
            // the one before.
            replace(key(), pair.key());
            replace(certificate(), pair.certificate());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void replace(Path file, String content) throws IOException {
        if (Files.exists(file) && Files.readString(file).equals(content)) {
            return;
        }
        var next = folder.resolve(file.getFileName() + ".new");
        Files.writeString(next, content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static Map<String, String> decoded(Secret secret) {
        return Objects.requireNonNullElse(secret.getData(), Map.<String, String>of())
                .entrySet()
                .stream()
                .collect(
                        Collectors.toMap(
                                Map.Entry::getKey,
                                entry ->
                                        new String(
                                                Base64.getDecoder().decode(entry.getValue()),
                                                UTF_8)));
    }
}
