package dev.monopod.kube.removal;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClass;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Removes what controllers have put into a cluster, once no host is left and none of them runs: no
/// finalizer waits for them. What is gone already is no error.
public final class ClusterRemoval {
    private static final String NODE_LEASES = "kube-node-lease";
    private static final String OWN_GROUP = "monopod.dev";

    private final KubernetesClient client;

    public ClusterRemoval(KubernetesClient client) {
        this.client = client;
    }

    /// Webhooks and policies. First of all: with nobody to answer them they would refuse every pod
    /// of a profile.
    public void admission() {
        var admission = client.admissionRegistration().v1();
        admission.mutatingWebhookConfigurations().withName(Names.WEBHOOKS).delete();
        admission.validatingWebhookConfigurations().withName(Names.WEBHOOKS).delete();
        for (var policy : List.of(Names.BINDING_POLICY, Names.POD_POLICY, Names.AGENT_POLICY)) {
            admission.validatingAdmissionPolicyBindings().withName(policy).delete();
            admission.validatingAdmissionPolicies().withName(policy).delete();
        }
    }

    /// Claims of addresses, the classes of Ingresses and Gateways, and Monopod's own kinds with all
    /// their objects. EKS' SecurityGroupPolicy, if it was there before us, stays.
    public void objects() {
        // Addresses that no machine came of.
        client.leases().inNamespace(NODE_LEASES).withLabel(Names.MACHINE_LABEL).delete();
        // One by one: a controller may not delete collections of these.
        client.network()
                .v1()
                .ingressClasses()
                .withLabels(Names.LABELS)
                .list()
                .getItems()
                .forEach(object -> client.resource(object).delete());
        // A cluster that does not know a kind has none of ours.
        ApiCall.ignoring(
                ApiCode.NOT_FOUND,
                () ->
                        client.resources(GatewayClass.class)
                                .withLabels(Names.LABELS)
                                .list()
                                .getItems()
                                .forEach(object -> client.resource(object).delete()));
        ApiCall.ignoring(
                ApiCode.NOT_FOUND,
                () ->
                        client.resources(IPAddress.class)
                                .withLabel(Names.HOST_LABEL)
                                .list()
                                .getItems()
                                .forEach(object -> client.resource(object).delete()));
        for (Class<? extends HasMetadata> kind :
                List.of(
                        FargateProfile.class,
                        SecurityGroup.class,
                        PrefixList.class,
                        Subnet.class,
                        Vpc.class)) {
            ApiCall.ignoring(
                    ApiCode.NOT_FOUND,
                    () ->
                            client.resources(kind)
                                    .list()
                                    .getItems()
                                    .forEach(object -> remove(client, object)));
        }
        var definitions = client.apiextensions().v1().customResourceDefinitions();
        definitions.list().getItems().stream()
                .filter(ClusterRemoval::isOurs)
                .forEach(definition ->
                        definitions.withName(definition.getMetadata().getName()).delete());
    }

    /// Deletes one object, without what Monopod's own finalizers wait for.
    public static <T extends HasMetadata> void remove(KubernetesClient client, T object) {
        client.resource(object).delete();
        @Nullable T left = client.resource(object).get();
        if (left != null && !left.getFinalizers().isEmpty()) {
            client.resource(left)
                    .edit(fresh -> {
                        fresh.getMetadata()
                                .getFinalizers()
                                .removeIf(finalizer -> finalizer.startsWith(OWN_GROUP + "/"));
                        return fresh;
                    });
        }
    }

    private static boolean isOurs(HasMetadata object) {
        @Nullable Map<String, String> labels = object.getMetadata().getLabels();
        return labels != null && labels.entrySet().containsAll(Names.LABELS.entrySet());
    }
}
