package dev.monopod.agent.pod.api;

import dev.monopod.agent.pod.api.Absences.Evidence;
import dev.monopod.agent.pod.api.Absences.Verdict;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether what the API server does not have may be ended on this host. It asks for the very
/// Machine; [Absences] decides. Thread-safe.
public final class Disappearance {
    /// How long what is missing with others, or in another cluster, is not believed to be gone.
    public static final Duration QUARANTINE = Absences.QUARANTINE;

    private static final Logger LOG = LoggerFactory.getLogger(Disappearance.class);

    private final KubernetesClient client;
    private final String hostName;
    private final Path pods;
    private final InstantSource clock;
    private final ClusterIdentity identity;
    private final Absences absences = new Absences();

    /// Machines whose absence the log tells of already.
    private final Set<String> doubted = ConcurrentHashMap.newKeySet();

    /// @param dataDirectory where the cluster is noted, and the directories of pods are
    public Disappearance(
            KubernetesClient client, String hostName, Path dataDirectory, InstantSource clock) {
        this.client = client;
        this.hostName = hostName;
        this.pods = dataDirectory.resolve("pods");
        this.clock = clock;
        this.identity =
                new ClusterIdentity(dataDirectory.resolve("cluster-uid"), this::uidOfCluster);
    }

    /// Notes which cluster this is, if the host has never met one.
    ///
    /// @throws RuntimeException when the API server does not answer
    public void meet() {
        if (!identity.same()) {
            LOG.warn(
                    "the API server is another cluster's than the one that the pods here came from;"
                            + " they run on, and are ended after {} of its silence about them",
                    Absences.QUARANTINE);
        }
    }

    /// What the API server says of a Machine now, and whether that can be believed.
    public sealed interface Sight {
        record There(Machine machine) implements Sight {}

        /// It is not there, and that is not to be believed before then.
        record Doubtful(Instant until) implements Sight {}

        record Gone() implements Sight {}
    }

    /// @throws RuntimeException when the API server does not answer
    public Sight look(String machine) {
        var found = client.resources(Machine.class).withName(machine).get();
        if (found != null) {
            absences.there(machine);
            if (doubted.remove(machine)) {
                LOG.info("the API server has {} again: its pod goes on", machine);
            }
            return new Sight.There(found);
        }
        var evidence = new Evidence(identity.same(), othersThere(), givenUp(Names.podUid(machine)));
        var now = clock.instant();
        return switch (absences.missing(machine, evidence, now)) {
            case Verdict.Gone() -> {
                LOG.info("the API server has no {}, for certain: its pod is ended", machine);
                yield new Sight.Gone();
            }
            case Verdict.Doubtful(Instant until) -> {
                if (doubted.add(machine)) {
                    LOG.warn(
                            "the API server has no {}; its pod runs on for {} s at least. If the"
                                    + " API server has lost objects, restore it before then",
                            machine,
                            Duration.between(now, until).toSeconds());
                }
                yield new Sight.Doubtful(until);
            }
        };
    }

    /// A watch told that the Machine was deleted.
    public void deleted(String machine) {
        absences.deleted(machine);
    }

    /// Machines that are waited for.
    public Set<String> missing() {
        return absences.machines();
    }

    /// Forgets all Machines but those that something is left of here. Without one that is missing,
    /// the cluster at hand is this host's from now on.
    public void retainOnly(Set<String> here) {
        absences.retainOnly(here);
        doubted.retainAll(here);
        if (absences.machines().isEmpty()) {
            identity.settle();
        }
    }

    private String uidOfCluster() {
        var namespace = client.namespaces().withName("kube-system").get();
        if (namespace == null) {
            throw new KubernetesClientException(
                    "the API server has no namespace kube-system",
                    HttpURLConnection.HTTP_UNAVAILABLE,
                    null);
        }
        return namespace.getMetadata().getUid();
    }

    private boolean othersThere() {
        return !client.resources(Machine.class)
                .withLabel(Names.HOST_LABEL, hostName)
                .list()
                .getItems()
                .isEmpty();
    }

    /// Whether the controller took this host for lost after the pod came, and removed its Machines.
    private boolean givenUp(String podUid) {
        return Optional.ofNullable(client.resources(Host.class).withName(hostName).get())
                .map(host -> host.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(Names.GIVEN_UP_ANNOTATION))
                .flatMap(Disappearance::instant)
                .filter(at -> came(podUid).filter(at::isAfter).isPresent())
                .isPresent();
    }

    private static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /// When the pod came to this host.
    private Optional<Instant> came(String podUid) {
        try {
            return Optional.of(
                    Files.readAttributes(pods.resolve(podUid), BasicFileAttributes.class)
                            .creationTime()
                            .toInstant());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
