package dev.monopod.controller.crd;

import dev.monopod.kube.api.PatchRunSpec;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRule;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRuleBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/// What the API server itself enforces, with the controller down too: required fields, limits, and
/// rules in CEL. Source: the contract's "Profiles"; AWS' limits of VPCs and subnets.
final class SchemaRules {
    static final long LONGEST_NAME = 253;
    private static final long LONGEST_CIDR = 18;
    private static final String NAME_PATTERN = "^[0-9A-Za-z][A-Za-z0-9_-]*$";
    private static final String RESERVED =
            "The fargate profile name starts with the reserved prefix: 'eks-'.";

    private SchemaRules() {}

    static void apply(String kind, JSONSchemaProps root) {
        root.setRequired(new ArrayList<>(List.of("spec")));
        var spec = field(root, "spec");
        switch (kind) {
            case "FargateProfile" -> profile(root, spec);
            case "Vpc" -> vpc(spec);
            case "Subnet" -> subnet(spec);
            case "SecurityGroup", "PrefixList", "SecurityGroupPolicy" ->
                    SecurityRules.apply(kind, spec);
            case "Host" -> {
                field(spec, "cpuOvercommit").setMinimum(1.0);
                field(spec, "storageOvercommit").setMinimum(1.0);
            }
            case "Machine" -> machine(spec);
            case "PatchRun" -> {
                rule(
                        spec,
                        "self == oldSelf",
                        "A PatchRun is immutable; delete it, which ends it, and make another");
                patchRun(spec);
            }
            case "PatchSchedule" -> {
                require(spec, "schedule", "run");
                field(spec, "schedule").setMinLength(1L);
                field(spec, "schedule").setMaxLength(LONGEST_NAME);
                patchRun(field(spec, "run"));
            }
            default -> {}
        }
    }

    private static void profile(JSONSchemaProps root, JSONSchemaProps spec) {
        rule(
                root,
                "has(self.spec.profileName) || !self.metadata.name.startsWith('eks-')",
                RESERVED);
        rule(
                root,
                "has(self.spec.profileName) || self.metadata.name.matches('"
                        + NAME_PATTERN
                        + "') && size(self.metadata.name) <= 100",
                "A Fargate profile's name matches [0-9A-Za-z][A-Za-z0-9_-]* and has at most 100"
                        + " characters; set spec.profileName if the object's name cannot");
        rule(
                spec,
                spec.getProperties().keySet().stream()
                        .filter(field -> !field.equals("tags"))
                        .sorted()
                        .map(SchemaRules::unchanged)
                        .collect(Collectors.joining(" && ")),
                "A Fargate profile is immutable but for its tags; replace it by a new one");
        require(spec, "selectors", "subnets");
        var name = field(spec, "profileName");
        name.setPattern(NAME_PATTERN);
        name.setMinLength(1L);
        name.setMaxLength(100L);
        rule(name, "!self.startsWith('eks-')", RESERVED);
        var selectors = field(spec, "selectors");
        selectors.setMinItems(1L);
        selectors.setMaxItems(5L);
        var selector = selectors.getItems().getSchema();
        require(selector, "namespace");
        field(selector, "namespace").setMinLength(1L);
        field(selector, "namespace").setMaxLength(63L);
        field(selector, "namespace").setPattern("^[a-z0-9*?-]+$");
        var labels = field(selector, "labels");
        labels.setMaxProperties(5L);
        labels.getAdditionalProperties().getSchema().setMaxLength(63L);
        labels.getAdditionalProperties().getSchema().setPattern("^[A-Za-z0-9*?._-]*$");
        var subnets = field(spec, "subnets");
        subnets.setMinItems(1L);
        subnets.setMaxItems(64L);
        subnets.getItems().getSchema().setMaxLength(LONGEST_NAME);
        var tags = field(spec, "tags");
        tags.setMaxProperties(50L);
        tags.getAdditionalProperties().getSchema().setMaxLength(256L);
        field(spec, "podExecutionRoleArn").setMaxLength(2048L);
    }

    /// A rule of the field itself would not see that it is put in or taken out. Optional values
    /// would say it in a word, but the API server takes them for costlier than a definition may be.
    private static String unchanged(String field) {
        return "has(self.%1$s) == has(oldSelf.%1$s) && (!has(self.%1$s) || self.%1$s == oldSelf.%1$s)"
                .formatted(field);
    }

    private static void vpc(JSONSchemaProps spec) {
        require(spec, "cidrs", "region");
        var cidrs = field(spec, "cidrs");
        cidrs.setMinItems(1L);
        cidrs.setMaxItems(5L);
        cidr(cidrs.getItems().getSchema(), 16, 28);
        rule(
                cidrs,
                "self.all(a, self.all(b, a == b || !cidr(a).containsCIDR(cidr(b))))",
                "The ranges of a VPC must not overlap");
        rule(cidrs, "oldSelf.all(old, old in self)", "A range of a VPC cannot be removed");
        var region = field(spec, "region");
        region.setMinLength(1L);
        region.setMaxLength(63L);
        region.setPattern("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$");
        rule(region, "self == oldSelf", "The region of a VPC is immutable");
    }

    private static void subnet(JSONSchemaProps spec) {
        require(spec, "vpc", "cidr", "zone");
        cidr(field(spec, "cidr"), 16, 28);
        for (var fixed : List.of("vpc", "cidr", "zone")) {
            var field = field(spec, fixed);
            field.setMinLength(1L);
            field.setMaxLength(fixed.equals("cidr") ? LONGEST_CIDR : LONGEST_NAME);
            rule(field, "self == oldSelf", "A subnet's " + fixed + " is immutable");
        }
        var routes = field(spec, "routes");
        routes.setMaxItems(50L);
        var route = routes.getItems().getSchema();
        require(route, "destination", "target");
        cidr(field(route, "destination"), 0, 32);
        var zoneType = field(spec, "zoneType");
        zoneType.setMaxLength(32L);
        rule(
                zoneType,
                "self in ['availability-zone', 'local-zone', 'wavelength-zone']",
                "A zone's type is availability-zone, local-zone or wavelength-zone");
    }

    private static void machine(JSONSchemaProps spec) {
        rule(spec, "self == oldSelf", "What the scheduler decided is immutable");
        require(spec, "host", "pod", "nodeName", "profile", "size", "network");
        require(field(spec, "pod"), "namespace", "name", "uid");
        require(field(spec, "size"), "milliCpu", "memoryMebiBytes", "storageMebiBytes");
        require(field(spec, "network"), "vpc", "subnet", "zone", "address", "gateway", "mac");
    }

    private static void patchRun(JSONSchemaProps run) {
        var deadline = field(run, "deadlineSeconds");
        deadline.setMinimum((double) PatchRunSpec.SHORTEST_DEADLINE.toSeconds());
        deadline.setMaximum((double) PatchRunSpec.LONGEST_DEADLINE.toSeconds());
        var url = field(run, "notifyUrl");
        url.setMaxLength((long) PatchRunSpec.LONGEST_URL);
        url.setPattern("^https?://[^/?#@]+([/?][^#]*)?$");
    }

    static void cidr(JSONSchemaProps field, int shortest, int longest) {
        field.setMinLength(9L);
        field.setMaxLength(LONGEST_CIDR);
        var range =
                shortest == 0 && longest == 32
                        ? ""
                        : " && cidr(self).prefixLength() >= "
                                + shortest
                                + " && cidr(self).prefixLength() <= "
                                + longest;
        rule(
                field,
                "isCIDR(self) && cidr(self).ip().family() == 4 && cidr(self) == cidr(self).masked()"
                        + range,
                "An IPv4 range such as 192.168.0.0/"
                        + Math.max(shortest, 16)
                        + ", without bits beyond its prefix"
                        + (range.isEmpty() ? "" : ", from /" + shortest + " to /" + longest));
    }

    static JSONSchemaProps field(JSONSchemaProps schema, String name) {
        return Objects.requireNonNull(schema.getProperties().get(name), name);
    }

    static void require(JSONSchemaProps schema, String... fields) {
        schema.setRequired(new ArrayList<>(List.of(fields)));
    }

    static void rule(JSONSchemaProps schema, String expression, String message) {
        List<ValidationRule> rules =
                schema.getXKubernetesValidations() == null
                        ? new ArrayList<>()
                        : new ArrayList<>(schema.getXKubernetesValidations());
        rules.add(new ValidationRuleBuilder().withRule(expression).withMessage(message).build());
        schema.setXKubernetesValidations(rules);
    }
}
