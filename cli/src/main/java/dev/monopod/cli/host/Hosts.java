package dev.monopod.cli.host;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Table;
import dev.monopod.cli.terminal.Text;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.HostStatus;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.Patches;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The hosts of a cluster.
public final class Hosts {
    private Hosts() {}

    /// By name.
    static List<Host> all(KubernetesClient client) {
        return client.resources(Host.class).list().getItems().stream()
                .sorted(Comparator.comparing(host -> host.getMetadata().getName()))
                .toList();
    }

    /// @throws CliException that names it and the hosts that there are
    static Host named(KubernetesClient client, String name) {
        var all = all(client);
        return all.stream()
                .filter(host -> host.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new CliException(
                                "there is no host `%s`; there %s"
                                        .formatted(
                                                name,
                                                all.isEmpty()
                                                        ? "is none"
                                                        : "are: "
                                                                + all.stream()
                                                                        .map(it ->
                                                                                it.getMetadata()
                                                                                        .getName())
                                                                        .collect(
                                                                                Collectors.joining(
                                                                                        ", "))),
                                "monopod host list"));
    }

    static boolean cordoned(Host host) {
        return host.getSpec() != null && Boolean.TRUE.equals(host.getSpec().unschedulable());
    }

    /// Whether it changed anything.
    static boolean cordon(KubernetesClient client, Host host, boolean wanted) {
        if (cordoned(host) == wanted) {
            return false;
        }
        var revoked = revoked(host);
        if (!wanted && revoked.isPresent()) {
            throw new CliException(
                    "host %s was revoked at %s: it has no rights, and takes no machine"
                            .formatted(host.getMetadata().getName(), revoked.get()));
        }
        new Patches(client).merge(host, Map.of("spec", Map.of("unschedulable", wanted)));
        return true;
    }

    /// What `host cordon` and `host uncordon` do, and say.
    static void mark(CommonOptions options, String name, boolean cordoned) {
        try (var client = Cluster.connect(options.layout())) {
            var changed = cordon(client, named(client, name), cordoned);
            if (options.json()) {
                CommonOptions.printJson(
                        Map.of("host", name, "cordoned", cordoned, "changed", changed));
            } else {
                System.out.printf(
                        "host/%s %s%s%n",
                        name, changed ? "" : "already ", cordoned ? "cordoned" : "uncordoned");
            }
        }
    }

    private static Optional<String> revoked(Host host) {
        return Optional.ofNullable(host.getMetadata().getAnnotations())
                .map(all -> all.get(Names.REVOKED_ANNOTATION));
    }

    /// What `host list` and `status` show.
    public static Table table(Collection<Host> hosts, Collection<Machine> machines, Clock clock) {
        var table =
                new Table(
                        "HOST",
                        "STATUS",
                        "ZONE",
                        "MACHINES",
                        "ACCELERATOR",
                        "VCPU",
                        "MEMORY",
                        "HEARTBEAT",
                        "AGENT");
        var counts =
                machines.stream()
                        .filter(machine -> !machine.ended())
                        .collect(
                                Collectors.groupingBy(
                                        machine -> machine.getSpec().host(),
                                        Collectors.counting()));
        for (var host : hosts) {
            var name = host.getMetadata().getName();
            var status = Optional.ofNullable(host.getStatus());
            table.row(
                    name,
                    state(host, clock.instant()),
                    Text.of(host.getSpec() == null ? null : host.getSpec().zone()),
                    Long.toString(counts.getOrDefault(name, 0L)),
                    Text.of(status.map(HostStatus::accelerator).orElse(null)),
                    status.map(HostStatus::capacityMilliCpu)
                            .map(cpu -> Double.toString(cpu / 1000.0))
                            .orElse("-"),
                    status.map(HostStatus::capacityMemoryMebiBytes)
                            .map(memory -> memory + " MiB")
                            .orElse("-"),
                    Text.age(status.map(HostStatus::heartbeat).orElse(null), clock),
                    Text.of(status.map(HostStatus::agentVersion).orElse(null)));
        }
        return table;
    }

    /// In kubectl's words for Nodes, as far as it has some.
    private static String state(Host host, Instant now) {
        var beat = host.getStatus() == null ? null : host.getStatus().heartbeat();
        var words = new ArrayList<>(List.of(silent(beat, now) ? "NotReady" : "Ready"));
        if (revoked(host).isPresent()) {
            words.add("Revoked");
        } else if (cordoned(host)) {
            words.add("SchedulingDisabled");
        }
        if (host.getStatus() != null && host.getStatus().underDiskPressure()) {
            words.add(HostStatus.DISK_PRESSURE);
        }
        return String.join(",", words);
    }

    private static boolean silent(@Nullable String heartbeat, Instant now) {
        try {
            return heartbeat == null
                    || Duration.between(Instant.parse(heartbeat), now)
                                    .compareTo(Defaults.HOST_SILENCE)
                            > 0;
        } catch (DateTimeParseException e) {
            // As the scheduler takes it.
            return true;
        }
    }
}
