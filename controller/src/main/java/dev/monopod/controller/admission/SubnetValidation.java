package dev.monopod.controller.admission;

import dev.monopod.model.network.Cidr;

/// Refuses a subnet outside its VPC or over a sibling. Source: row F19.
public final class SubnetValidation implements Webhook {
    private static final int INVALID = 422;

    private final ClusterReads reads;

    public SubnetValidation(ClusterReads reads) {
        this.reads = reads;
    }

    @Override
    public Verdict judge(Review review) {
        var spec = review.object().path("spec");
        var vpcName = spec.path("vpc").asText();
        var cidr = Cidr.parse(spec.path("cidr").asText());
        var vpc =
                reads.vpcs().stream()
                        .filter(each -> each.getMetadata().getName().equals(vpcName))
                        .findFirst();
        if (vpc.isEmpty()) {
            return denied("The vpc ID '" + vpcName + "' does not exist (spec.vpc)");
        }
        if (vpc.get().getSpec().cidrs().stream()
                .noneMatch(range -> Cidr.parse(range).contains(cidr))) {
            return denied(
                    "The CIDR '"
                            + cidr
                            + "' is invalid: VPC "
                            + vpcName
                            + " spans "
                            + String.join(", ", vpc.get().getSpec().cidrs())
                            + " (spec.cidr)");
        }
        var own = review.object().at("/metadata/name").asText();
        for (var other : reads.subnets()) {
            if (!other.getMetadata().getName().equals(own)
                    && other.getSpec().vpc().equals(vpcName)
                    && Cidr.parse(other.getSpec().cidr()).overlaps(cidr)) {
                return denied(
                        "The CIDR '"
                                + cidr
                                + "' conflicts with another subnet: "
                                + other.getMetadata().getName()
                                + " has "
                                + other.getSpec().cidr()
                                + " (spec.cidr)");
            }
        }
        return Verdict.Allowed.SILENTLY;
    }

    private static Verdict denied(String message) {
        return new Verdict.Denied(INVALID, "Invalid", message);
    }
}
