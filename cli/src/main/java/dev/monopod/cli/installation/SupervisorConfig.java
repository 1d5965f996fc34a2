package dev.monopod.cli.installation;

import dev.monopod.cli.terminal.Json;
import dev.monopod.model.names.Defaults;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The supervisor's configuration that follows from what was decided for this host: which processes
/// run, and with which flags. Pure.
public final class SupervisorConfig {
    private static final String HEALTH = "http://127.0.0.1:" + Defaults.HEALTH_PORT;
    private static final String AGENT_HEALTH = "http://127.0.0.1:" + Defaults.AGENT_HEALTH_PORT;

    /// A virtual thread that waits for a class to be initialised keeps its carrier until JDK 26, so
    /// a host with two processors has none left when two wait.
    private static final int LEAST_CARRIERS = 16;

    private final Installation installation;
    private final Addressing network;
    private final Standing standing;
    private final Layout layout;
    private final Programs programs;
    private final Map<String, String> environment;

    /// @param programs that the processes run from
    /// @param environment of this command; tests of Monopod set some of it
    public SupervisorConfig(
            Installation installation,
            Layout layout,
            Programs programs,
            Map<String, String> environment) {
        this.installation = installation;
        this.network = installation.network();
        this.standing = installation.standing();
        this.layout = layout;
        this.programs = programs;
        this.environment = environment;
    }

    /// The whole of `supervisor.json`; its fields are those of Go's `controlplane.Config`.
    public String text() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("dataDir", layout.data().toString());
        config.put("runDir", layout.run().toString());
        config.put("controlPlane", standing.runsControlPlane());
        config.put("hostName", installation.hostName());
        config.put(
                "kubeconfig", standing.externalKubeconfig(layout).map(Object::toString).orElse(""));
        config.put("guest", standing instanceof Standing.Guest);
        config.put("hostAddress", installation.hostAddress());
        config.put("vpcCidr", network.range().toString());
        config.put("networkNamespace", network.networkNamespace());
        config.put("serviceCidr", network.services().toString());
        config.put("dnsAddress", installation.dnsAddress());
        config.put("clusterDomain", Defaults.CLUSTER_DOMAIN);
        config.put("region", network.region());
        config.put(
                "tokenWebhook",
                standing.runsControlPlane()
                        ? "https://127.0.0.1:" + Defaults.WEBHOOK_PORT + "/authenticate"
                        : "");
        config.put("unsafeNoFsync", environment.containsKey("MONOPOD_UNSAFE_NO_FSYNC"));
        config.put(
                "extraNames",
                Stream.concat(
                                Stream.of(installation.hostName()),
                                standing.underlayAddress().stream())
                        .toList());
        config.put(
                "processes",
                standing.runsController() ? List.of(controller(), agent()) : List.of(agent()));
        return Json.write(config);
    }

    private Map<String, Object> controller() {
        var command = java("controller");
        var own = standing.runsControlPlane();
        var address = own ? "127.0.0.1" : installation.hostAddress();
        command.addAll(List.of("--kubeconfig", credentials("controller")));
        command.addAll(List.of("--host-name", installation.hostName()));
        command.addAll(
                List.of(
                        "--webhook-bind",
                        (own ? "127.0.0.1" : "0.0.0.0") + ":" + Defaults.WEBHOOK_PORT));
        command.addAll(
                List.of("--webhook-url", "https://" + address + ":" + Defaults.WEBHOOK_PORT));
        command.addAll(List.of("--webhook-ca-cert", layout.pki("webhook-ca.crt").toString()));
        command.addAll(List.of("--webhook-cert", layout.pki("webhook.crt").toString()));
        command.addAll(List.of("--webhook-key", layout.pki("webhook.key").toString()));
        command.addAll(
                List.of(
                        "--region",
                        network.region(),
                        "--default-vpc-cidr",
                        network.range().toString()));
        @Nullable String hostLostSeconds = environment.get("MONOPOD_HOST_LOST_SECONDS");
        if (hostLostSeconds != null) {
            command.addAll(List.of("--host-lost-seconds", hostLostSeconds));
        }
        @Nullable String profileQuota = environment.get("MONOPOD_PROFILE_QUOTA");
        if (profileQuota != null) {
            command.addAll(List.of("--profile-quota", profileQuota));
        }
        @Nullable String executionRoles = environment.get("MONOPOD_EXECUTION_ROLES");
        if (executionRoles != null) {
            command.addAll(List.of("--execution-roles", executionRoles));
        }
        if (own) {
            command.addAll(eks());
            // In another's cluster its administrator decides about definitions.
            command.addAll(
                    List.of("--gateway-api", programs.folder().resolve("gateway-api").toString()));
        }
        return process("controller", command, HEALTH);
    }

    /// Of a cluster of our own: another's has its own way of signing in.
    private List<String> eks() {
        return List.of(
                "--eks-bind",
                "127.0.0.1:" + Defaults.EKS_PORT,
                "--eks-auth-bind",
                // Other hosts' agents ask here too, and show their certificates.
                (standing.underlayAddress().isPresent() ? "0.0.0.0" : "127.0.0.1")
                        + ":"
                        + Defaults.EKS_AUTH_PORT,
                "--eks-cert",
                layout.pki("eks.crt").toString(),
                "--eks-key",
                layout.pki("eks.key").toString(),
                "--api-server-ca-cert",
                layout.pki("ca.crt").toString(),
                "--api-server-url",
                "https://%s:%d"
                        .formatted(
                                standing.underlayAddress().orElse("127.0.0.1"),
                                Defaults.API_SERVER_PORT),
                "--service-cidr",
                network.services().toString(),
                "--service-account-issuer",
                "https://kubernetes.default.svc." + Defaults.CLUSTER_DOMAIN);
    }

    private Map<String, Object> agent() {
        var command = java("agent");
        command.addAll(List.of("--kubeconfig", credentials("agent")));
        command.addAll(List.of("--host-name", installation.hostName()));
        command.addAll(List.of("--data-dir", layout.data().toString()));
        command.addAll(List.of("--run-dir", layout.run().toString()));
        command.addAll(List.of("--guest-dir", programs.folder().resolve("guest").toString()));
        command.addAll(List.of("--cluster-dns", installation.dnsAddress()));
        command.addAll(List.of("--service-cidr", network.services().toString()));
        command.addAll(List.of("--cluster-domain", Defaults.CLUSTER_DOMAIN));
        command.addAll(
                List.of("--cpu-overcommit", Integer.toString(installation.overcommit().cpu())));
        command.addAll(
                List.of(
                        "--storage-overcommit",
                        Integer.toString(installation.overcommit().storage())));
        command.addAll(List.of("--kubelet-port", Integer.toString(Defaults.KUBELET_PORT)));
        command.addAll(List.of("--kubelet-ca-cert", layout.pki("kubelet-ca.crt").toString()));
        command.addAll(List.of("--kubelet-ca-key", layout.pki("kubelet-ca.key").toString()));
        command.addAll(
                List.of(
                        "--client-ca",
                        layout.pki(standing.runsControlPlane() ? "ca.crt" : Layout.CLIENT_AUTHORITY)
                                .toString()));
        command.addAll(
                List.of("--registries", layout.data().resolve("registries.json").toString()));
        command.addAll(List.of("--region", network.region()));
        // The controller of a cluster that was there before Monopod makes no sessions.
        if (!(standing instanceof Standing.Guest)) {
            command.add("--pod-identity");
        }
        standing.underlayAddress()
                .ifPresent(it -> command.addAll(List.of("--underlay-address", it)));
        standing.givenAddress().ifPresent(it -> command.addAll(List.of("--host-address", it)));
        return process("agent", command, AGENT_HEALTH);
    }

    private List<String> java(String program) {
        return new ArrayList<>(
                List.of(
                        programs.java().toString(),
                        // The heap follows what is in use, both ways; few pages of the young one
                        // are touched, and pauses are short.
                        "-Xms32m",
                        "-Xmx256m",
                        "-Xmn16m",
                        "-XX:+UseSerialGC",
                        "-XX:MinHeapFreeRatio=10",
                        "-XX:MaxHeapFreeRatio=25",
                        "-XX:+UseCompactObjectHeaders",
                        "-XX:TrimNativeHeapInterval=30000",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-Djdk.virtualThreadScheduler.parallelism=" + carriers(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dlogback.configurationFile=monopod-process-logback.xml",
                        "-jar",
                        programs.jar(program).toString()));
    }

    private static int carriers() {
        return Math.max(LEAST_CARRIERS, Runtime.getRuntime().availableProcessors());
    }

    /// @param health URL without a path
    private static Map<String, Object> process(String name, List<String> command, String health) {
        Map<String, Object> process = new LinkedHashMap<>();
        process.put("name", name);
        process.put("command", List.copyOf(command));
        process.put("after", List.of("kube-apiserver"));
        process.put("ready", Map.of("url", health + "/readyz"));
        process.put("alive", Map.of("url", health + "/healthz"));
        return process;
    }

    private String credentials(String process) {
        return switch (standing) {
            case Standing.Alone _, Standing.First _ ->
                    layout.data().resolve("kubeconfig").resolve(process + ".kubeconfig").toString();
            case Standing.Member _ -> layout.memberKubeconfig().toString();
            case Standing.Guest _ -> layout.guestKubeconfig(process).toString();
        };
    }
}
