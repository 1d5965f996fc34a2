package dev.monopod.controller.admission;

import dev.monopod.controller.logging.LoggingConfigMap;
import dev.monopod.eks.podidentity.KubernetesAssociations;
import dev.monopod.eks.sts.ConfigMapRoles;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.SecurityGroupPolicy;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Selection;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.loadbalancing.rules.ApplicationLoadBalancers;
import dev.monopod.loadbalancing.rules.IngressClassParams;
import dev.monopod.loadbalancing.rules.IngressGroups;
import dev.monopod.loadbalancing.rules.ReadinessGates;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.support.PodShape.ClaimState;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What every new pod needs comes from watches, for each read would add to every creation:
/// profiles, namespaces, service accounts, subnets, policies. An object that is not there is asked
/// for, so one created a moment ago counts; so is everything while a watch is broken. All else is
/// read from the API server at each call.
public final class KubernetesReads implements ClusterReads {
    private final KubernetesClient client;
    private final Watched<FargateProfile> profiles;
    private final Watched<Namespace> namespaces;
    private final Watched<ServiceAccount> accounts;
    private final Watched<Subnet> subnets;
    private final Watched<SecurityGroupPolicy> policies;
    private final Watched<ConfigMap> associations;
    private final Watched<ConfigMap> roles;
    private final LoggingConfigMap logging;

    /// @param watches of the process; who made them ends them
    public KubernetesReads(KubernetesClient client, Watches watches) {
        this.client = client;
        this.profiles = watches.of(FargateProfile.class);
        this.namespaces = watches.of(Namespace.class);
        this.accounts = watches.of(ServiceAccount.class);
        this.subnets = watches.of(Subnet.class);
        this.policies = watches.of(SecurityGroupPolicy.class);
        this.associations =
                watches.of(ConfigMap.class, Selection.labelled(KubernetesAssociations.LABEL));
        this.logging = new LoggingConfigMap(client, watches);
        this.roles = watches.of(ConfigMap.class, Selection.labelled(ConfigMapRoles.LABEL));
    }

    /// Starts its watches, and returns at once: until their lists are complete, the API server is
    /// asked.
    public void start() {
        Stream.of(
                        profiles,
                        namespaces,
                        accounts,
                        subnets,
                        policies,
                        associations,
                        roles,
                        logging.watched())
                .forEach(Watched::start);
    }

    private static <T extends HasMetadata> Optional<T> find(
            Watched<T> watched, String key, Supplier<@Nullable T> read) {
        return (watched.isCurrent() ? watched.find(key) : Optional.<T>empty())
                .or(() -> Optional.ofNullable(read.get()));
    }

    @Override
    public List<FargateProfile> profiles() {
        return profiles.isCurrent()
                ? profiles.list()
                : client.resources(FargateProfile.class).list().getItems();
    }

    @Override
    public Optional<Subnet> subnet(String name) {
        return find(subnets, name, () -> client.resources(Subnet.class).withName(name).get());
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
        return policies.isCurrent()
                ? policies.inNamespace(namespace)
                : client.resources(SecurityGroupPolicy.class)
                        .inNamespace(namespace)
                        .list()
                        .getItems();
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
        return find(
                        accounts,
                        namespace + "/" + name,
                        () -> client.serviceAccounts().inNamespace(namespace).withName(name).get())
                .map(ServiceAccount::getMetadata);
    }

    @Override
    public boolean hasPodIdentity(String namespace, String account) {
        return associations.isCurrent()
                ? associations
                        .find(
                                KubernetesAssociations.NAMESPACE
                                        + "/"
                                        + KubernetesAssociations.name(namespace, account))
                        .flatMap(KubernetesAssociations::read)
                        .isPresent()
                : new KubernetesAssociations(client).find(namespace, account).isPresent();
    }

    @Override
    public List<ConfigMap> roles() {
        return client.configMaps()
                .inNamespace(ConfigMapRoles.NAMESPACE)
                .withLabel(ConfigMapRoles.LABEL)
                .list()
                .getItems();
    }

    @Override
    public boolean hasRole(String arn) {
        return (roles.isCurrent() ? roles.inNamespace(ConfigMapRoles.NAMESPACE) : roles())
                .stream().anyMatch(role -> ConfigMapRoles.arn(role).equals(arn));
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
        var found =
                find(namespaces, namespace, () -> client.namespaces().withName(namespace).get())
                        .filter(KubernetesReads::asksForGates);
        if (found.isEmpty()) {
            return Collections.emptySortedSet();
        }
        var network = client.network().v1();
        var classes = network.ingressClasses().list().getItems();
        return ReadinessGates.of(
                client.services().inNamespace(namespace).list().getItems(),
                network.ingresses().inNamespace(namespace).list().getItems().stream()
                        .filter(ingress -> ApplicationLoadBalancers.ours(ingress, classes))
                        .toList(),
                new IngressGroups(classes, params(), _ -> found),
                labels);
    }

    @Override
    public PodLogging logging() {
        return logging.logging();
    }

    private static boolean asksForGates(Namespace namespace) {
        var labels = namespace.getMetadata().getLabels();
        return labels != null
                && ReadinessGates.ENABLED.equals(labels.get(ReadinessGates.NAMESPACE_LABEL));
    }

    private List<IngressClassParams> params() {
        return ApiCall.unless(
                        ApiCode.NOT_FOUND,
                        () -> client.resources(IngressClassParams.class).list().getItems())
                .orElse(List.of());
    }
}
