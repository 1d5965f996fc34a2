package dev.monopod.cli.cluster;

import dev.monopod.cli.terminal.Waiting;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Which host's controller leads in a cluster, by the Lease that it renews every two seconds. Every
/// host may read it.
public final class Leader {
    /// What follows for the cluster when there is none, and what to do.
    public static final String NOBODY =
            "No controller runs in this cluster: pods that a profile selects are refused or stay Pending. If a chart brought it: kubectl get pods -n monopod-system. To let a host run it, there: monopod up --controller --kubeconfig FILE, with an administrator's.";

    private static final String NAMESPACE = "kube-system";

    /// A Lease lives for fifteen seconds, and clocks of hosts differ by ten at most.
    private static final Duration SILENCE = Duration.ofSeconds(25);

    /// Another controller asks every two seconds whether it may lead, and a Lease that was not
    /// given back ends by itself.
    private static final Duration SUCCESSION = Duration.ofSeconds(20);

    private final KubernetesClient client;
    private final InstantSource clock;

    public Leader(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
    }

    /// Name of the Host whose controller leads; empty if none does.
    public Optional<String> host() {
        @Nullable Lease lease =
                client.leases().inNamespace(NAMESPACE).withName(Names.CONTROLLER_LEASE).get();
        return lease == null ? Optional.empty() : of(lease, clock.instant());
    }

    /// @param now compared with the time at which the holder last renewed it
    static Optional<String> of(Lease lease, Instant now) {
        var spec = lease.getSpec();
        @Nullable String holder = spec.getHolderIdentity();
        if (holder == null || holder.isEmpty() || spec.getRenewTime() == null) {
            return Optional.empty();
        }
        if (spec.getRenewTime().toInstant().plus(SILENCE).isBefore(now)) {
            return Optional.empty();
        }
        // NAME_PROCESS, as the controller calls itself.
        var end = holder.lastIndexOf('_');
        return Optional.of(end > 0 ? holder.substring(0, end) : holder);
    }

    /// The other hosts of the cluster, if none of their controllers takes over from the one that
    /// has ended here; waits for that.
    ///
    /// @param hostName of the Host that leaves
    public List<String> leftAlone(String hostName) {
        var others =
                ApiCall.unless(
                                ApiCode.NOT_FOUND,
                                () -> client.resources(Host.class).list().getItems())
                        .orElse(List.of())
                        .stream()
                        .map(host -> Objects.requireNonNull(host.getMetadata().getName()))
                        .filter(Predicate.not(hostName::equals))
                        .sorted()
                        .toList();
        if (others.isEmpty()) {
            return others;
        }
        var taken =
                Waiting.until(
                        SUCCESSION, () -> host().filter(it -> !it.equals(hostName)).isPresent());
        return taken ? List.of() : others;
    }
}
