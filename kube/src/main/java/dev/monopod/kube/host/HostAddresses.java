package dev.monopod.kube.host;

import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.ParentReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/// The addresses of further hosts in a VPC. The first host is the VPC's base + 4, before there is
/// an API to ask; each further one has an address of the lower half of a public subnet, where no
/// pod and no load balancer stands. Creating the `IPAddress` of that name gives it away.
public final class HostAddresses {
    private static final String RESOURCE = "hosts";

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
                .filter(HostAddresses::isHosts)
                .toList();
    }

    /// Whether it is a host's own, and no load balancer's.
    public static boolean isHosts(IPAddress address) {
        return RESOURCE.equals(address.getSpec().getParentRef().getResource());
    }

    private Optional<String> take(String host, Vpc vpc) {
        var reserved = Cidr.parse(vpc.getSpec().cidrs().getFirst()).base() + Defaults.HOST_OFFSET;
        return client.resources(Subnet.class).list().getItems().stream()
                .filter(subnet -> subnet.getSpec().vpc().equals(vpc.getMetadata().getName()))
                .filter(Profiles::isPublic)
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
        return ApiCall.ignoring(
                ApiCode.CONFLICT, () -> client.resource(object(address, host)).create());
    }

    private static IPAddress object(String address, String host) {
        var parent =
                new ParentReferenceBuilder()
                        .withGroup(Names.GROUP)
                        .withResource(RESOURCE)
                        .withNamespace(Names.NO_NAMESPACE)
                        .withName(host)
                        .build();
        return Addresses.object(address, parent, host);
    }
}
