package dev.monopod.kube.host;

import dev.monopod.kube.api.Names;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.SubnetSpec;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.network.Cidr;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddressBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/// The addresses of further hosts in a VPC. The first host is the VPC's base + 4, before there is
/// an API to ask; each further one has an address of the lower half of a public subnet, where no
/// pod and no load balancer stands. Creating the `IPAddress` of that name gives it away.
public final class HostAddresses {
    private static final String MANAGED_BY = "ipaddress.kubernetes.io/managed-by";
    private static final String MANAGER = "monopod";
    private static final String RESOURCE = "hosts";

    /// Hosts have no namespace; the API wants one.
    private static final String NO_NAMESPACE = "none";

    private static final int FIRST_HOST_OFFSET = 4;
    private static final int LAST_OCTET = 255;

    private final KubernetesClient client;

    public HostAddresses(KubernetesClient client) {
        this.client = client;
    }

    /// The host's address in the VPC; the one it has, if it has one. Empty when no public subnet
    /// has a free one.
    public Optional<String> claim(String host, Vpc vpc) {
        var ranges = vpc.getSpec().cidrs().stream().map(Cidr::parse).toList();
        return of(host).stream()
                .map(address -> address.getMetadata().getName())
                .filter(address -> ranges.stream().anyMatch(range -> range.contains(address)))
                .findFirst()
                .or(() -> take(host, vpc));
    }

    /// Gives back what the host has.
    public void release(String host) {
        of(host).forEach(address -> client.resource(address).delete());
    }

    private List<IPAddress> of(String host) {
        return client
                .resources(IPAddress.class)
                .withLabel(Names.HOST_LABEL, host)
                .list()
                .getItems()
                .stream()
                .filter(address -> RESOURCE.equals(address.getSpec().getParentRef().getResource()))
                .toList();
    }

    private Optional<String> take(String host, Vpc vpc) {
        var reserved = Cidr.parse(vpc.getSpec().cidrs().getFirst()).base() + FIRST_HOST_OFFSET;
        return client.resources(Subnet.class).list().getItems().stream()
                .filter(subnet -> subnet.getSpec().vpc().equals(vpc.getMetadata().getName()))
                .filter(HostAddresses::isPublic)
                .sorted(Comparator.comparing(subnet -> subnet.getMetadata().getName()))
                .flatMapToLong(subnet -> candidates(Cidr.parse(subnet.getSpec().cidr()), reserved))
                .mapToObj(Cidr::text)
                .filter(address -> created(address, host))
                .findFirst();
    }

    static LongStream candidates(Cidr subnet, long reserved) {
        return LongStream.range(subnet.base(), subnet.base() + subnet.size() / 2)
                .filter(number -> !subnet.reserved(number) && number != reserved)
                .filter(number ->
                        (number & LAST_OCTET) != 0 && (number & LAST_OCTET) != LAST_OCTET);
    }

    private boolean created(String address, String host) {
        try {
            client.resource(object(address, host)).create();
            return true;
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                return false;
            }
            throw e;
        }
    }

    private static IPAddress object(String address, String host) {
        return new IPAddressBuilder()
                .withNewMetadata()
                .withName(address)
                .addToLabels(MANAGED_BY, MANAGER)
                .addToLabels(Names.HOST_LABEL, host)
                .endMetadata()
                .withNewSpec()
                .withNewParentRef()
                .withGroup(Names.GROUP)
                .withResource(RESOURCE)
                .withNamespace(NO_NAMESPACE)
                .withName(host)
                .endParentRef()
                .endSpec()
                .build();
    }

    private static boolean isPublic(Subnet subnet) {
        var routes = subnet.getSpec().routes();
        return routes != null
                && routes.stream().anyMatch(route -> route.target() == SubnetSpec.Target.igw);
    }
}
