package dev.monopod.controller.profile;

import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.SubnetSpec;
import dev.monopod.kube.api.SubnetSpec.Route;
import dev.monopod.kube.api.SubnetSpec.Target;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.api.VpcSpec;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.model.network.Cidr;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;

/// The VPC that a new cluster begins with, cut as eksctl cuts it: eighths of the range, the first
/// public, the fourth and the fifth private in two zones.
public final class DefaultNetwork {
    private static final int EIGHTHS = 3;

    private final KubernetesClient client;
    private final String region;
    private final Cidr range;

    public DefaultNetwork(KubernetesClient client, String region, Cidr range) {
        this.client = client;
        this.region = region;
        this.range = range;
    }

    /// Does nothing when the cluster has any VPC.
    public void install() {
        if (!client.resources(Vpc.class).list().getItems().isEmpty()) {
            return;
        }
        subnet("public-a", 0, "a", Target.igw);
        subnet("private-a", 3, "a", Target.nat);
        subnet("private-b", 4, "b", Target.nat);
        var vpc = new Vpc();
        vpc.setMetadata(new ObjectMetaBuilder().withName("default").build());
        vpc.setSpec(new VpcSpec(List.of(range.toString()), region, true, true));
        // Last: what is cut off before this is begun again.
        create(vpc);
    }

    private void subnet(String name, int eighth, String zone, Target target) {
        var prefix = range.prefix() + EIGHTHS;
        var cidr = new Cidr(range.base() + eighth * (range.size() >> EIGHTHS), prefix);
        var subnet = new Subnet();
        subnet.setMetadata(new ObjectMetaBuilder().withName(name).build());
        subnet.setSpec(
                new SubnetSpec(
                        "default",
                        cidr.toString(),
                        region + zone,
                        null,
                        null,
                        List.of(new Route("0.0.0.0/0", target))));
        create(subnet);
    }

    private void create(HasMetadata object) {
        var unused = ApiCall.ignoring(ApiCode.CONFLICT, () -> client.resource(object).create());
    }
}
