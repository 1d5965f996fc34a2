package dev.monopod.controller.crd;

import static dev.monopod.controller.crd.SchemaRules.LONGEST_NAME;
import static dev.monopod.controller.crd.SchemaRules.cidr;
import static dev.monopod.controller.crd.SchemaRules.field;
import static dev.monopod.controller.crd.SchemaRules.require;
import static dev.monopod.controller.crd.SchemaRules.rule;

import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.util.List;

/// What the API server enforces of security groups. Limits are EC2's default quotas: 60 rules a
/// direction, 5 groups an interface; rules and words as EC2's where it has them.
final class SecurityRules {
    private static final long MOST_RULES = 60;
    private static final long MOST_GROUPS = 5;
    private static final long MOST_PREFIXES = 1000;
    private static final long LONGEST_DESCRIPTION = 255;

    private SecurityRules() {}

    static void apply(String kind, JSONSchemaProps spec) {
        switch (kind) {
            case "SecurityGroup" -> group(spec);
            case "PrefixList" -> prefixList(spec);
            case "SecurityGroupPolicy" -> policy(spec);
            default -> throw new IllegalArgumentException(kind);
        }
    }

    private static void group(JSONSchemaProps spec) {
        require(spec, "vpc");
        name(field(spec, "vpc"));
        rule(field(spec, "vpc"), "self == oldSelf", "A security group's vpc is immutable");
        field(spec, "description").setMaxLength(LONGEST_DESCRIPTION);
        for (var direction : List.of("ingress", "egress")) {
            var rules = field(spec, direction);
            rules.setMaxItems(MOST_RULES);
            each(rules.getItems().getSchema());
        }
    }

    private static void each(JSONSchemaProps each) {
        require(each, "protocol");
        var protocol = field(each, "protocol");
        protocol.setMaxLength(4L);
        rule(
                protocol,
                "self in ['tcp', 'udp', 'icmp', '-1']",
                "A rule's protocol is tcp, udp, icmp or -1 (all)");
        for (var port : List.of("fromPort", "toPort")) {
            field(each, port).setMinimum(-1.0);
            field(each, port).setMaximum(65_535.0);
        }
        rule(
                each,
                "(has(self.cidr) ? 1 : 0) + (has(self.group) ? 1 : 0) + (has(self.prefixList) ? 1 :"
                        + " 0) + (has(self.prefixes) ? 1 : 0) == 1",
                "A rule has exactly one of cidr, group, prefixList and prefixes");
        rule(
                each,
                "self.protocol != '-1' || !has(self.fromPort) && !has(self.toPort)",
                "A rule for all protocols (-1) has no ports");
        rule(
                each,
                "!has(self.toPort) || has(self.fromPort)",
                "A rule with toPort has fromPort too");
        rule(
                each,
                "!(self.protocol in ['tcp', 'udp']) || !has(self.fromPort) || self.fromPort >= 0 &&"
                        + " (!has(self.toPort) || self.fromPort <= self.toPort)",
                "A rule's ports are a range from fromPort to toPort within 0 to 65535");
        rule(
                each,
                "self.protocol != 'icmp' || (!has(self.fromPort) || self.fromPort <= 255) &&"
                        + " (!has(self.toPort) || self.toPort <= 255)",
                "For icmp, fromPort is the type and toPort the code, -1 (all) to 255");
        cidr(field(each, "cidr"), 0, 32);
        name(field(each, "group"));
        name(field(each, "prefixList"));
        var prefixes = field(each, "prefixes");
        prefixes.setMinItems(1L);
        prefixes.setMaxItems(MOST_RULES);
        cidr(prefixes.getItems().getSchema(), 0, 32);
        field(each, "description").setMaxLength(LONGEST_DESCRIPTION);
    }

    private static void prefixList(JSONSchemaProps spec) {
        var entries = field(spec, "entries");
        entries.setMaxItems(MOST_PREFIXES);
        var entry = entries.getItems().getSchema();
        require(entry, "cidr");
        cidr(field(entry, "cidr"), 0, 32);
        field(entry, "description").setMaxLength(LONGEST_DESCRIPTION);
    }

    private static void policy(JSONSchemaProps spec) {
        require(spec, "securityGroups");
        var groups = field(spec, "securityGroups");
        require(groups, "groupIds");
        var ids = field(groups, "groupIds");
        ids.setMinItems(1L);
        ids.setMaxItems(MOST_GROUPS);
        for (var selector : List.of("podSelector", "serviceAccountSelector")) {
            describe(field(spec, selector));
        }
    }

    /// Generated from Kubernetes' own class, which has no descriptions.
    private static void describe(JSONSchemaProps selector) {
        field(selector, "matchLabels").setDescription("Labels and their values, all of them.");
        var parts = field(selector, "matchExpressions");
        parts.setDescription("Requirements, all of them.");
        var part = parts.getItems().getSchema();
        require(part, "key", "operator");
        field(part, "key").setDescription("The label.");
        field(part, "operator").setDescription("In, NotIn, Exists or DoesNotExist.");
        field(part, "values").setDescription("Values, for In and NotIn.");
    }

    private static void name(JSONSchemaProps field) {
        field.setMinLength(1L);
        field.setMaxLength(LONGEST_NAME);
    }
}
