package dev.monopod.controller.admission;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.SecurityGroupPolicy;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.loadbalancing.rules.ApplicationLoadBalancers;
import dev.monopod.loadbalancing.rules.IngressClassParams;
import dev.monopod.loadbalancing.rules.IngressGroups;
import dev.monopod.loadbalancing.rules.ReadinessGates;
import dev.monopod.model.support.PodShape.ClaimState;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads from the API server at each call, so that an object created a moment ago counts; profiles
/// come from the caller's cache, since every pod needs them.
public final class KubernetesReads implements ClusterReads {
    private final KubernetesClient client;
    private final Supplier<List<FargateProfile>> profiles;

    /// @param profiles a cheap, current list, for example an informer's store
    public KubernetesReads(KubernetesClient client, Supplier<List<FargateProfile>> profiles) {
        this.client = client;
        this.profiles = profiles;
    }

    @Override
    public List<FargateProfile> profiles() {
        return profiles.get();
    }

    @Override
    public List<Subnet> subnets() {
        return client.resources(Subnet.class).list().getItems();
    }

    @Override
    public List<Vpc> vpcs() {
        return client.resources(Vpc.class).list().getItems();
    }

    @Override
    public List<SecurityGroup> securityGroups() {
        return client.resources(SecurityGroup.class).list().getItems();
    }

    @Override
    public List<SecurityGroupPolicy> securityGroupPolicies(String namespace) {
        return client.resources(SecurityGroupPolicy.class).inNamespace(namespace).list().getItems();
    }

    @Override
    public Map<String, String> serviceAccountLabels(String namespace, String name) {
        return account(namespace, name).map(ObjectMeta::getLabels).orElse(Map.of());
    }

    @Override
    public Map<String, String> serviceAccountAnnotations(String namespace, String name) {
        return account(namespace, name).map(ObjectMeta::getAnnotations).orElse(Map.of());
    }

    private Optional<ObjectMeta> account(String namespace, String name) {
        return Optional.ofNullable(
                        client.serviceAccounts().inNamespace(namespace).withName(name).get())
                .map(ServiceAccount::getMetadata);
    }

    @Override
    public ClaimState claim(String namespace, String name) {
        @Nullable PersistentVolumeClaim claim =
                client.persistentVolumeClaims().inNamespace(namespace).withName(name).get();
        if (claim == null) {
            return new ClaimState.Missing();
        }
        var volumeName = claim.getSpec().getVolumeName();
        // A claim may name its volume before it is bound to it.
        var bound = claim.getStatus() != null && "Bound".equals(claim.getStatus().getPhase());
        if (!bound || volumeName == null || volumeName.isEmpty()) {
            return new ClaimState.Unbound();
        }
        @Nullable PersistentVolume volume = client.persistentVolumes().withName(volumeName).get();
        return volume == null ? new ClaimState.Unbound() : PodShapes.boundTo(volume);
    }

    @Override
    public SortedSet<String> readinessGates(String namespace, Map<String, String> labels) {
        @Nullable Namespace found = client.namespaces().withName(namespace).get();
        var asked =
                found != null
                        && found.getMetadata().getLabels() != null
                        && ReadinessGates.ENABLED.equals(
                                found.getMetadata()
                                        .getLabels()
                                        .get(ReadinessGates.NAMESPACE_LABEL));
        if (!asked) {
            return Collections.emptySortedSet();
        }
        var network = client.network().v1();
        var classes = network.ingressClasses().list().getItems();
        return ReadinessGates.of(
                client.services().inNamespace(namespace).list().getItems(),
                network.ingresses().inNamespace(namespace).list().getItems().stream()
                        .filter(ingress -> ApplicationLoadBalancers.ours(ingress, classes))
                        .toList(),
                new IngressGroups(classes, params(), _ -> Optional.of(found)),
                labels);
    }

    private List<IngressClassParams> params() {
        return ApiCall.unless(
                        ApiCode.NOT_FOUND,
                        () -> client.resources(IngressClassParams.class).list().getItems())
                .orElse(List.of());
    }
}
