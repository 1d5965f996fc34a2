package dev.monopod.cli.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.host.HostAddresses;
import dev.monopod.kube.removal.ClusterRemoval;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A cluster that runs already and that this machine joins as a host: what `up` has to know of it,
/// and what `down` takes back.
public final class JoinedCluster {
    private static final String SYSTEM = "kube-system";
    private static final String NODE_LEASES = "kube-node-lease";

    private JoinedCluster() {}

    /// @param serviceCidr first IPv4 range of Services; empty if the cluster does not tell
    /// @param dnsAddress of the cluster's DNS
    /// @param vpc in which other hosts stand already, or that the cluster's own controller has
    ///   made; empty if there is none
    /// @param controller whether one runs in the cluster itself
    public record Facts(
            Optional<String> serviceCidr,
            String dnsAddress,
            Optional<Vpc> vpc,
            boolean controller) {}

    /// @throws CliException when it does not answer, or has no DNS
    public static Facts ask(Path kubeconfig, String hostName) {
        try (var client = Cluster.connect(kubeconfig)) {
            @Nullable Service dns =
                    client.services().inNamespace(SYSTEM).withName("kube-dns").get();
            if (dns == null) {
                throw new CliException(
                        "the cluster of %s has no Service %s/kube-dns, so pods would resolve no name"
                                .formatted(kubeconfig, SYSTEM),
                        "install CoreDNS with its usual Service");
            }
            var controller = hasController(client);
            return new Facts(
                    serviceCidr(client),
                    dns.getSpec().getClusterIP(),
                    vpc(client, hostName, controller),
                    controller);
        } catch (KubernetesClientException failure) {
            throw new CliException(
                    "the cluster of %s does not answer: %s"
                            .formatted(kubeconfig, Cluster.reason(failure)));
        }
    }

    private static Optional<Vpc> vpc(KubernetesClient client, String hostName, boolean controller) {
        // A cluster without Monopod does not serve these kinds.
        return ApiCall.unless(
                        ApiCode.NOT_FOUND,
                        () ->
                                !controller
                                                && client
                                                        .resources(Host.class)
                                                        .list()
                                                        .getItems()
                                                        .stream()
                                                        .allMatch(host ->
                                                                host.getMetadata()
                                                                        .getName()
                                                                        .equals(hostName))
                                        ? List.<Vpc>of()
                                        : client.resources(Vpc.class).list().getItems())
                .flatMap(vpcs -> vpcs.stream().findFirst());
    }

    /// Gives a further host its address in the VPC, or says again which it has.
    public static String claim(KubernetesClient client, String hostName, Vpc vpc) {
        return new HostAddresses(client)
                .claim(hostName, vpc)
                .orElseThrow(() ->
                        new CliException(
                                "no public subnet of the VPC %s has a free address for this host"
                                        .formatted(vpc.getMetadata().getName()),
                                "add a Subnet with a route 0.0.0.0/0 to igw"));
    }

    private static Optional<String> serviceCidr(KubernetesClient client) {
        try {
            @Nullable String answer =
                    client.raw("/apis/networking.k8s.io/v1/servicecidrs/kubernetes");
            if (answer == null) {
                return Optional.empty();
            }
            for (var range : new ObjectMapper().readTree(answer).at("/spec/cidrs")) {
                if (!range.asText().contains(":")) {
                    return Optional.of(range.asText());
                }
            }
            return Optional.empty();
        } catch (KubernetesClientException olderThanThisApi) {
            return Optional.empty();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /// Who signs client certificates of this cluster, PEM: by it the agent knows the API server.
    public static String clientAuthority(Path kubeconfig) {
        try (var client = Cluster.connect(kubeconfig)) {
            @Nullable ConfigMap told =
                    client.configMaps()
                            .inNamespace(SYSTEM)
                            .withName("extension-apiserver-authentication")
                            .get();
            @Nullable String authority = told == null ? null : told.getData().get("client-ca-file");
            if (authority == null) {
                throw new CliException(
                        "the cluster does not tell who signs its client certificates: ConfigMap %s/extension-apiserver-authentication has no client-ca-file"
                                .formatted(SYSTEM));
            }
            return authority;
        }
    }

    /// Whose credentials the cluster is left with.
    public enum By {
        /// An administrator of a cluster that is not Monopod's: may remove all.
        ADMINISTRATOR,

        /// The host's own: may remove what its agent has written.
        HOST
    }

    /// Removes what this host is in the cluster, and with the last host all that Monopod put there,
    /// unless the control plane is Monopod's own, or a chart has brought the controller: what that
    /// brought goes with it.
    public static void leave(Path kubeconfig, Installation installation, By by) {
        var hostName = installation.hostName();
        try (var client = Cluster.connect(kubeconfig)) {
            // A cluster that never had a controller does not serve Monopod's kinds.
            var hosts =
                    ApiCall.unless(
                            ApiCode.NOT_FOUND,
                            () -> client.resources(Host.class).list().getItems());
            var last =
                    by == By.ADMINISTRATOR
                            && !hasController(client)
                            && hosts.orElse(List.of()).stream()
                                    .allMatch(
                                            host -> host.getMetadata().getName().equals(hostName));
            if (last) {
                // First: with nobody to answer them they would refuse every pod of a profile.
                new ClusterRemoval(client).admission();
            }
            if (hosts.isPresent()) {
                removeHost(client, hostName);
            }
            if (installation.standing().givenAddress().isPresent()) {
                new HostAddresses(client).release(hostName);
            }
            var rights = new JoinedRights(client);
            if (by == By.ADMINISTRATOR) {
                rights.remove(hostName);
            }
            if (last && hosts.isPresent()) {
                new ClusterRemoval(client).objects();
            }
            if (last) {
                rights.removeAll();
            }
        }
    }

    /// Whether the controller runs in the cluster itself, so that no host needs to; false for who
    /// may not know, as a host by its own credentials.
    private static boolean hasController(KubernetesClient client) {
        return ApiCall.unless(
                        ApiCode.FORBIDDEN,
                        () ->
                                client.apps()
                                                .deployments()
                                                .inNamespace(Names.SYSTEM_NAMESPACE)
                                                .withName(Names.CONTROLLER_DEPLOYMENT)
                                                .get()
                                        != null)
                .orElse(false);
    }

    private static void removeHost(KubernetesClient client, String hostName) {
        client.resources(Machine.class).list().getItems().stream()
                .filter(machine -> machine.getSpec().host().equals(hostName))
                .forEach(machine -> forget(client, machine));
        client.resources(Host.class).withName(hostName).delete();
    }

    /// Its machine is off: the pod goes at once, so that its owner makes another.
    private static void forget(KubernetesClient client, Machine machine) {
        var wanted = machine.getSpec().pod();
        var pod = client.pods().inNamespace(wanted.namespace()).withName(wanted.name());
        var found = pod.get();
        if (found != null && found.getMetadata().getUid().equals(wanted.uid())) {
            pod.withGracePeriod(0).delete();
        }
        var node = machine.getSpec().nodeName();
        client.nodes().withName(node).delete();
        client.leases().inNamespace(NODE_LEASES).withName(node).delete();
        ClusterRemoval.remove(client, machine);
    }
}
