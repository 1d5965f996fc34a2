package dev.monopod.eks.operations;

import dev.monopod.eks.operations.Faults.Limit;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.model.names.Digest;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The body of CreateFargateProfile. Any member may be absent, or null.
record NewProfile(
        @Nullable String fargateProfileName,
        @Nullable String podExecutionRoleArn,
        @Nullable List<@Nullable String> subnets,
        @Nullable List<@Nullable Selector> selectors,
        @Nullable String clientRequestToken,
        @Nullable Map<String, @Nullable String> tags) {
    private static final String RESERVED_NAME = "eks-";

    /// Selects pods by namespace and labels.
    record Selector(@Nullable String namespace, @Nullable Map<String, @Nullable String> labels) {}

    String name() {
        return Objects.requireNonNullElse(fargateProfileName, "");
    }

    /// Nothing can be told from an empty token.
    Optional<String> token() {
        return Optional.ofNullable(clientRequestToken).filter(token -> !token.isEmpty());
    }

    /// @throws Refusal at a member whose form cannot be
    void checkForm() {
        var faults = new Faults();
        faults.text("fargateProfileName", fargateProfileName, Limit.PROFILE_NAME);
        faults.text("podExecutionRoleArn", podExecutionRoleArn, Limit.ROLE_ARN);
        if (subnets != null) {
            faults.size("subnets", subnets, subnets.size(), 0, Limit.MOST_SUBNETS);
            subnets.forEach(subnet -> faults.text("subnets.member", subnet, Limit.SUBNET));
        }
        token().ifPresent(token -> faults.text("clientRequestToken", token, Limit.CLIENT_TOKEN));
        if (tags != null) {
            faults.tags("tags", tags, 0);
        }
        faults.refuseAs(Refusal.Kind.INVALID_PARAMETER);
        if (name().startsWith(RESERVED_NAME)) {
            throw Refusal.reservedName();
        }
    }

    /// @throws Refusal if there is no selector, or one that selects nothing or by too much
    void checkSelectors() {
        if (selectors == null || selectors.isEmpty()) {
            throw Refusal.noSelector();
        }
        var faults = new Faults();
        faults.size("selectors", selectors, selectors.size(), 1, Limit.MOST_SELECTORS);
        for (var index = 0; index < selectors.size(); index++) {
            check(selectors.get(index), "selectors." + (index + 1) + ".member", faults);
        }
        faults.refuseAs(Refusal.Kind.INVALID_PARAMETER);
    }

    /// What the object is to say.
    ///
    /// @param chosen its subnets
    FargateProfileSpec spec(List<String> chosen) {
        return new FargateProfileSpec(
                name(),
                orEmpty(selectors).stream()
                        .map(selector ->
                                new FargateProfileSpec.Selector(
                                        Objects.requireNonNull(selector.namespace()),
                                        selector.labels()))
                        .toList(),
                chosen,
                podExecutionRoleArn,
                tags,
                null);
    }

    /// Names of subnets, as asked for; empty if the cluster's are to be used.
    List<String> askedSubnets() {
        return orEmpty(subnets);
    }

    /// The same for requests that ask for the same, whatever their token and the order of what has
    /// none.
    String digest() {
        return Digest.of(
                Json.text(
                        List.of(
                                name(),
                                Objects.requireNonNullElse(podExecutionRoleArn, ""),
                                askedSubnets().stream().sorted().toList(),
                                orEmpty(selectors).stream()
                                        .map(selector ->
                                                List.of(
                                                        String.valueOf(selector.namespace()),
                                                        sorted(selector.labels())))
                                        .toList(),
                                sorted(tags))));
    }

    private static void check(@Nullable Selector selector, String member, Faults faults) {
        if (selector == null || selector.namespace() == null || selector.namespace().isBlank()) {
            throw Refusal.noNamespace();
        }
        faults.text(member + ".namespace", selector.namespace(), Limit.NAMESPACE);
        var labels = selector.labels();
        if (labels == null) {
            return;
        }
        if (labels.size() > Limit.MOST_LABELS) {
            throw Refusal.tooManyLabels();
        }
        labels.forEach((key, value) -> {
            faults.text(member + ".labels.key", key, Limit.LABEL_KEY);
            faults.text(member + ".labels." + key, value, Limit.LABEL_VALUE);
        });
    }

    private static Map<String, @Nullable String> sorted(
            @Nullable Map<String, @Nullable String> map) {
        return map == null ? Map.of() : new TreeMap<>(map);
    }

    private static <T> List<T> orEmpty(@Nullable List<@Nullable T> list) {
        return list == null ? List.of() : list.stream().filter(Objects::nonNull).toList();
    }
}
