package dev.monopod.controller.admission;

import dev.monopod.kube.api.SecurityGroup;
import java.util.ArrayList;
import java.util.List;

/// Refuses a security group of no VPC, as EC2 does; warns of rules whose group is not there or
/// stands in another VPC: they allow nothing. Limits and shapes the API server judges itself.
public final class SecurityGroupValidation implements Webhook {
    private static final int INVALID = 422;

    private final ClusterReads reads;

    public SecurityGroupValidation(ClusterReads reads) {
        this.reads = reads;
    }

    @Override
    public Verdict judge(Review review) {
        var spec = review.object().path("spec");
        var vpc = spec.path("vpc").asText();
        if (reads.vpcs().stream().noneMatch(each -> each.getMetadata().getName().equals(vpc))) {
            return new Verdict.Denied(
                    INVALID, "Invalid", "The vpc ID '" + vpc + "' does not exist (spec.vpc)");
        }
        var own = review.object().at("/metadata/name").asText();
        var known = reads.securityGroups();
        var warnings = new ArrayList<String>();
        for (var direction : List.of("ingress", "egress")) {
            var rules = spec.path(direction);
            for (var index = 0; index < rules.size(); index++) {
                var group = rules.get(index).path("group").asText("");
                if (!group.isEmpty() && !group.equals(own) && !standsIn(known, group, vpc)) {
                    warnings.add(
                            "The security group '%s' does not exist in VPC %s; the rule allows nothing (spec.%s[%d].group)"
                                    .formatted(group, vpc, direction, index));
                }
            }
        }
        return new Verdict.Allowed(warnings);
    }

    private static boolean standsIn(List<SecurityGroup> known, String group, String vpc) {
        return known.stream()
                .anyMatch(each ->
                        each.getMetadata().getName().equals(group)
                                && each.getSpec().vpc().equals(vpc));
    }
}
