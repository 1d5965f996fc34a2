package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;

/// How much one Ingress, Service or Gateway may ask for: all load balancers of a host share one
/// HAProxy and the one configuration that it reads. AWS' quotas, or more where it raises them.
final class Bounds {
    static final int MOST_RULES = 500;
    static final int MOST_LISTENERS = 50;
    static final int MOST_CERTIFICATES = 50;

    /// Of one Service's port.
    static final int MOST_TARGETS = 1_000;

    static final int MOST_SOURCES = 500;

    /// Characters of one annotation.
    static final int LONGEST_ANNOTATION = 8_192;

    /// Characters of a path, a host, a header's value or an expression.
    static final int LONGEST_TEXT = 1_024;

    private Bounds() {}

    /// @param field what the user wrote
    /// @throws BadAnnotation when there is more of it than one object may have
    static void hold(String field, int value, int most) {
        if (value > most) {
            throw new BadAnnotation("%s: %d, the limit is %d".formatted(field, value, most));
        }
    }
}
