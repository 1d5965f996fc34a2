package dev.monopod.controller.admission;

import dev.monopod.model.network.Cidr;

/// Refuses a VPC over another one: on a host, both would be routes to the same addresses. That its
/// own ranges do not overlap and none goes away, the API server judges itself.
public final class VpcValidation implements Webhook {
    private static final int INVALID = 422;

    private final ClusterReads reads;

    public VpcValidation(ClusterReads reads) {
        this.reads = reads;
    }

    @Override
    public Verdict judge(Review review) {
        var own = review.object().at("/metadata/name").asText();
        var ranges = review.object().at("/spec/cidrs");
        for (var index = 0; index < ranges.size(); index++) {
            var cidr = Cidr.parse(ranges.get(index).asText());
            for (var other : reads.vpcs()) {
                if (other.getMetadata().getName().equals(own)) {
                    continue;
                }
                for (var taken : other.getSpec().cidrs()) {
                    if (Cidr.parse(taken).overlaps(cidr)) {
                        return new Verdict.Denied(
                                INVALID,
                                "Invalid",
                                "The CIDR '%s' conflicts with VPC %s, which has %s (spec.cidrs[%d])"
                                        .formatted(
                                                cidr, other.getMetadata().getName(), taken, index));
                    }
                }
            }
        }
        return Verdict.Allowed.SILENTLY;
    }
}
