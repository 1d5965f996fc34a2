package dev.monopod.controller.admission;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.SecurityGroupPolicy;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.support.PodShape.ClaimState;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// A cluster that holds what a test puts into it.
final class FixedReads implements ClusterReads {
    private final List<FargateProfile> profiles = new ArrayList<>();
    private final List<Subnet> subnets = new ArrayList<>();
    private final List<Vpc> vpcs = new ArrayList<>();
    private final List<SecurityGroup> groups = new ArrayList<>();
    private final List<SecurityGroupPolicy> policies = new ArrayList<>();
    private final Map<String, Map<String, String>> accountLabels = new HashMap<>();
    private final Map<String, Map<String, String>> accounts = new HashMap<>();
    private final Map<String, ClaimState> claims = new HashMap<>();
    private final Set<String> identities = new HashSet<>();
    private final List<ConfigMap> roles = new ArrayList<>();
    private final SortedSet<String> gates = new TreeSet<>();
    private PodLogging logging = new PodLogging.NotFound();

    FixedReads withProfile(String name, String spec) {
        profiles.add(
                read(
                        "FargateProfile",
                        name,
                        spec + ", status: {phase: ACTIVE}",
                        FargateProfile.class));
        return this;
    }

    FixedReads withSubnet(String name, String spec) {
        subnets.add(read("Subnet", name, spec, Subnet.class));
        return this;
    }

    FixedReads withVpc(String name, String spec) {
        vpcs.add(read("Vpc", name, spec, Vpc.class));
        return this;
    }

    FixedReads withSecurityGroup(String name, String spec) {
        groups.add(read("SecurityGroup", name, spec, SecurityGroup.class));
        return this;
    }

    FixedReads withSecurityGroupPolicy(String name, String spec) {
        policies.add(read("SecurityGroupPolicy", name, spec, SecurityGroupPolicy.class));
        return this;
    }

    FixedReads withAccountLabels(String name, Map<String, String> labels) {
        accountLabels.put(name, labels);
        return this;
    }

    FixedReads withAccount(String name, Map<String, String> annotations) {
        accounts.put(name, annotations);
        return this;
    }

    FixedReads withClaim(String name, ClaimState state) {
        claims.put(name, state);
        return this;
    }

    @Override
    public List<FargateProfile> profiles() {
        return List.copyOf(profiles);
    }

    @Override
    public List<Subnet> subnets() {
        return List.copyOf(subnets);
    }

    @Override
    public Optional<Subnet> subnet(String name) {
        return subnets.stream()
                .filter(subnet -> subnet.getMetadata().getName().equals(name))
                .findFirst();
    }

    @Override
    public List<Vpc> vpcs() {
        return List.copyOf(vpcs);
    }

    @Override
    public List<SecurityGroup> securityGroups() {
        return List.copyOf(groups);
    }

    @Override
    public List<SecurityGroupPolicy> securityGroupPolicies(String namespace) {
        return List.copyOf(policies);
    }

    @Override
    public Map<String, String> serviceAccountLabels(String namespace, String name) {
        return accountLabels.getOrDefault(name, Map.of());
    }

    @Override
    public Map<String, String> serviceAccountAnnotations(String namespace, String name) {
        return accounts.getOrDefault(name, Map.of());
    }

    FixedReads withPodIdentity(String account) {
        identities.add(account);
        return this;
    }

    @Override
    public boolean hasPodIdentity(String namespace, String account) {
        return identities.contains(account);
    }

    FixedReads withRole(ConfigMap role) {
        roles.add(role);
        return this;
    }

    @Override
    public List<ConfigMap> roles() {
        return List.copyOf(roles);
    }

    @Override
    public boolean hasRole(String arn) {
        return false;
    }

    @Override
    public ClaimState claim(String namespace, String name) {
        return claims.getOrDefault(name, new ClaimState.Missing());
    }

    @Override
    public SortedSet<String> readinessGates(String namespace, Map<String, String> labels) {
        return gates;
    }

    FixedReads withGate(String type) {
        gates.add(type);
        return this;
    }

    @Override
    public PodLogging logging() {
        return logging;
    }

    FixedReads withLogging(PodLogging state) {
        logging = state;
        return this;
    }

    static <T extends HasMetadata> T read(String kind, String name, String rest, Class<T> type) {
        return Serialization.unmarshal(
                "---\n{apiVersion: monopod.dev/v1, kind: %s, metadata: {name: %s}, spec: %s}"
                        .formatted(kind, name, rest),
                type);
    }
}
