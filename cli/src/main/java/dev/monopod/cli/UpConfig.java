package dev.monopod.cli;

import dev.monopod.model.names.Defaults;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.FixedAddresses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What `up` decided for this machine, and the supervisor's configuration that follows from it.
///
/// @param kubeconfig of an existing cluster; empty: this machine runs its own control plane
/// @param joinedDns address of that cluster's DNS; empty: this machine runs its own
/// @param place among other hosts
record UpConfig(
        String vpc,
        String vpcCidr,
        String serviceCidr,
        String region,
        String hostName,
        int cpuOvercommit,
        int storageOvercommit,
        String kubeconfig,
        String joinedDns,
        Place place) {
    /// File in the `pki` folder: who signs the API server's client certificate in a joined cluster.
    static final String JOINED_CLIENT_AUTHORITY = "joined-client-ca.crt";

    /// File in the data folder: the agent's credentials on a machine that joined by a token.
    static final String MEMBER_KUBECONFIG = "kubeconfig/joined.kubeconfig";

    private static final String HEALTH = "http://127.0.0.1:" + Defaults.HEALTH_PORT + "/readyz";
    private static final String AGENT_HEALTH =
            "http://127.0.0.1:" + Defaults.AGENT_HEALTH_PORT + "/readyz";

    UpConfig {
        // Written by a version that knew of one host only.
        place = Objects.requireNonNullElse(place, Place.ALONE);
    }

    /// Where this machine stands among the hosts of its cluster.
    ///
    /// @param underlayAddress by which others reach it; empty: there are no others
    /// @param givenAddress its address in the VPC; empty: the first host's
    record Place(String underlayAddress, String givenAddress) {
        static final Place ALONE = new Place("", "");
    }

    String hostAddress() {
        return place.givenAddress().isEmpty()
                ? FixedAddresses.firstHost(Cidr.parse(vpcCidr))
                : place.givenAddress();
    }

    /// Whether this machine joined a cluster whose control plane, and controller, are another
    /// machine's of Monopod.
    boolean member() {
        return kubeconfig.endsWith("/" + MEMBER_KUBECONFIG);
    }

    String dnsAddress() {
        return joinedDns.isEmpty() ? FixedAddresses.dns(Cidr.parse(serviceCidr)) : joinedDns;
    }

    String networkNamespace() {
        return "monopod-vpc-" + vpc;
    }

    Optional<Path> externalKubeconfig() {
        return kubeconfig.isEmpty() ? Optional.empty() : Optional.of(Path.of(kubeconfig));
    }

    /// The same with this address in the VPC.
    UpConfig at(String givenAddress) {
        return new UpConfig(
                vpc,
                vpcCidr,
                serviceCidr,
                region,
                hostName,
                cpuOvercommit,
                storageOvercommit,
                kubeconfig,
                joinedDns,
                new Place(place.underlayAddress(), givenAddress));
    }

    /// What an earlier `up` decided here.
    static Optional<UpConfig> read(Layout layout) {
        try {
            Path file = file(layout);
            return Files.exists(file)
                    ? Optional.of(Json.read(file, UpConfig.class))
                    : Optional.empty();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    void write(Layout layout) {
        try {
            Files.writeString(file(layout), Json.write(this));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static Path file(Layout layout) {
        return layout.data().resolve("up.json");
    }

    /// The whole of `supervisor.json`; its fields are those of Go's `controlplane.Config`.
    Map<String, Object> supervisor(Layout layout) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("dataDir", layout.data().toString());
        config.put("runDir", layout.run().toString());
        config.put("controlPlane", kubeconfig.isEmpty());
        config.put("kubeconfig", kubeconfig);
        config.put("hostAddress", hostAddress());
        config.put("vpcCidr", vpcCidr);
        config.put("networkNamespace", networkNamespace());
        config.put("serviceCidr", serviceCidr);
        config.put("dnsAddress", dnsAddress());
        config.put("clusterDomain", Defaults.CLUSTER_DOMAIN);
        config.put("region", region);
        config.put("unsafeNoFsync", System.getenv("MONOPOD_UNSAFE_NO_FSYNC") != null);
        config.put(
                "extraNames",
                Stream.of(hostName, place.underlayAddress())
                        .filter(name -> !name.isEmpty())
                        .toList());
        config.put(
                "processes",
                member() ? List.of(agent(layout)) : List.of(controller(layout), agent(layout)));
        return config;
    }

    private Map<String, Object> controller(Layout layout) {
        List<String> command = java(layout, "controller");
        boolean own = kubeconfig.isEmpty();
        String address = own ? "127.0.0.1" : hostAddress();
        command.addAll(List.of("--kubeconfig", kubeconfigOf(layout, "controller")));
        command.addAll(
                List.of(
                        "--webhook-bind",
                        (own ? "127.0.0.1" : "0.0.0.0") + ":" + Defaults.WEBHOOK_PORT));
        command.addAll(
                List.of("--webhook-url", "https://" + address + ":" + Defaults.WEBHOOK_PORT));
        command.addAll(List.of("--webhook-ca-cert", layout.pki("webhook-ca.crt").toString()));
        command.addAll(List.of("--webhook-cert", layout.pki("webhook.crt").toString()));
        command.addAll(List.of("--webhook-key", layout.pki("webhook.key").toString()));
        command.addAll(List.of("--region", region, "--default-vpc-cidr", vpcCidr));
        @Nullable String hostLostSeconds = System.getenv("MONOPOD_HOST_LOST_SECONDS");
        if (hostLostSeconds != null) {
            command.addAll(List.of("--host-lost-seconds", hostLostSeconds));
        }
        if (own) {
            // In another's cluster its administrator decides about definitions.
            command.addAll(
                    List.of("--gateway-api", layout.dist().resolve("gateway-api").toString()));
        }
        return process("controller", command, HEALTH);
    }

    private Map<String, Object> agent(Layout layout) {
        List<String> command = java(layout, "agent");
        command.addAll(List.of("--kubeconfig", kubeconfigOf(layout, "agent")));
        command.addAll(List.of("--host-name", hostName));
        command.addAll(List.of("--data-dir", layout.data().toString()));
        command.addAll(List.of("--run-dir", layout.run().toString()));
        command.addAll(List.of("--guest-dir", layout.dist().resolve("guest").toString()));
        command.addAll(List.of("--cluster-dns", dnsAddress(), "--service-cidr", serviceCidr));
        command.addAll(List.of("--cluster-domain", Defaults.CLUSTER_DOMAIN));
        command.addAll(List.of("--cpu-overcommit", Integer.toString(cpuOvercommit)));
        command.addAll(List.of("--storage-overcommit", Integer.toString(storageOvercommit)));
        command.addAll(List.of("--kubelet-port", Integer.toString(Defaults.KUBELET_PORT)));
        command.addAll(List.of("--kubelet-ca-cert", layout.pki("kubelet-ca.crt").toString()));
        command.addAll(List.of("--kubelet-ca-key", layout.pki("kubelet-ca.key").toString()));
        command.addAll(
                List.of(
                        "--client-ca",
                        layout.pki(kubeconfig.isEmpty() ? "ca.crt" : JOINED_CLIENT_AUTHORITY)
                                .toString()));
        command.addAll(
                List.of("--registries", layout.data().resolve("registries.json").toString()));
        command.addAll(List.of("--region", region));
        if (!place.underlayAddress().isEmpty()) {
            command.addAll(List.of("--underlay-address", place.underlayAddress()));
        }
        if (!place.givenAddress().isEmpty()) {
            command.addAll(List.of("--host-address", place.givenAddress()));
        }
        return process("agent", command, AGENT_HEALTH);
    }

    private static List<String> java(Layout layout, String program) {
        return new ArrayList<>(
                List.of(
                        Layout.java(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+ExitOnOutOfMemoryError",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dlogback.configurationFile=monopod-process-logback.xml",
                        "-jar",
                        layout.program(program).toString()));
    }

    private static Map<String, Object> process(String name, List<String> command, String readyUrl) {
        Map<String, Object> process = new LinkedHashMap<>();
        process.put("name", name);
        process.put("command", List.copyOf(command));
        process.put("after", List.of("kube-apiserver"));
        process.put("ready", Map.of("url", readyUrl));
        return process;
    }

    private String kubeconfigOf(Layout layout, String name) {
        return externalKubeconfig()
                .orElse(layout.data().resolve("kubeconfig").resolve(name + ".kubeconfig"))
                .toString();
    }
}
