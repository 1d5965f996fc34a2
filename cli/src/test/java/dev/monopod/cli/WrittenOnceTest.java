package dev.monopod.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.cli.installation.Layout;
import dev.monopod.model.names.Defaults;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What must be written in two languages is the same in both, and what must not be written is not.
final class WrittenOnceTest {
    private static final IntStream CONTROL_PLANE =
            IntStream.of(
                    Defaults.ETCD_PORT,
                    Defaults.ETCD_PEER_PORT,
                    Defaults.API_SERVER_PORT,
                    Defaults.CONTROLLER_MANAGER_PORT,
                    Defaults.SCHEDULER_PORT,
                    Defaults.DNS_HEALTH_PORT,
                    Defaults.DNS_READY_PORT);

    @Test
    void namesNoClassOfOursByText() throws IOException {
        List<String> named = new ArrayList<>();
        try (var files = Files.walk(Checkout.ROOT.resolve("cli/src/main"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.readString(file)
                        .lines()
                        .filter(line -> line.contains("dev.monopod."))
                        .filter(line -> !line.startsWith("import ") && !line.startsWith("package "))
                        .forEach(line -> named.add(file.getFileName() + ": " + line.strip()));
            }
        }
        assertThat(named).isEmpty();
    }

    @Test
    void theLauncherLooksForThePortsThatTheProcessesTake() throws IOException {
        assertThat(Checkout.read("monopod"))
                .contains(
                        "\nports=\"%d %d %d %d %d\"\n"
                                .formatted(
                                        Defaults.HEALTH_PORT,
                                        Defaults.AGENT_HEALTH_PORT,
                                        Defaults.WEBHOOK_PORT,
                                        Defaults.EKS_PORT,
                                        Defaults.EKS_AUTH_PORT))
                .contains(
                        "\ncontrol_plane_ports=\"%s\"\n"
                                .formatted(
                                        CONTROL_PLANE
                                                .mapToObj(Integer::toString)
                                                .collect(Collectors.joining(" "))));
    }

    @Test
    void theControlPlaneListensOnThePortsThatWeName() throws IOException {
        assertThat(Checkout.read("control-plane/internal/controlplane/components.go"))
                .contains("--listen-client-urls=https://127.0.0.1:" + Defaults.ETCD_PORT + "\"")
                .contains("--listen-peer-urls=https://127.0.0.1:" + Defaults.ETCD_PEER_PORT + "\"")
                .contains("--secure-port=" + Defaults.API_SERVER_PORT + "\"")
                .contains("127.0.0.1:" + Defaults.CONTROLLER_MANAGER_PORT + "/healthz")
                .contains("127.0.0.1:" + Defaults.SCHEDULER_PORT + "/readyz")
                .contains("health 127.0.0.1:" + Defaults.DNS_HEALTH_PORT + "\n")
                .contains("ready 127.0.0.1:" + Defaults.DNS_READY_PORT + "\n");
    }

    @Test
    void theControlPlaneHasTheSameDefaults() throws IOException {
        assertThat(Checkout.read("control-plane/internal/controlplane/config.go"))
                .contains("DataDir: \"%s\"".formatted(Defaults.DATA_DIRECTORY))
                .contains("RunDir: \"%s\"".formatted(Defaults.RUN_DIRECTORY))
                .contains("VpcCIDR: \"%s\"".formatted(Defaults.VPC_CIDR))
                .contains("ServiceCIDR: \"%s\"".formatted(Defaults.SERVICE_CIDR))
                .contains("DNSAddress: \"%s\"".formatted(Defaults.CLUSTER_DNS))
                .contains("ClusterDomain: \"%s\"".formatted(Defaults.CLUSTER_DOMAIN))
                .contains("Region: \"%s\"".formatted(Defaults.REGION));
        assertThat(Checkout.read("control-plane/main.go"))
                .contains("\"service-cidr\", \"%s\"".formatted(Defaults.SERVICE_CIDR))
                .contains("\"cluster-domain\", \"%s\"".formatted(Defaults.CLUSTER_DOMAIN))
                .contains("\"api-server-port\", %d".formatted(Defaults.API_SERVER_PORT));
    }

    @Test
    void theVersionIsThatOfTheBuild() throws IOException {
        assertThat(Checkout.read("cli/pom.xml"))
                .contains("<version>%s</version></parent>".formatted(Layout.VERSION));
    }
}
