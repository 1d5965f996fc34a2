package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.model.network.Cidr;
import java.util.ArrayList;
import java.util.List;

/// Who may connect. An internal load balancer answers its VPC only.
final class SourceRanges {
    private static final String ALL = "0.0.0.0/0";

    private SourceRanges() {}

    /// @param scheme `internal` (AWS' default) or `internet-facing`
    /// @param asked ranges that the user named
    /// @param where names the field for messages
    static List<String> of(String scheme, List<String> asked, List<String> vpc, String where) {
        Bounds.hold(where + ": ranges", asked.size(), Bounds.MOST_SOURCES);
        for (var range : asked) {
            if (!range.contains(":")) {
                check(range, where);
            }
        }
        var usable = asked.stream().filter(range -> !range.contains(":")).toList();
        return switch (scheme) {
            case "internet-facing" -> usable.contains(ALL) ? List.of() : usable;
            case "internal" -> usable.isEmpty() || usable.contains(ALL) ? vpc : within(usable, vpc);
            default ->
                    throw new BadAnnotation(
                            "scheme \""
                                    + Readable.text(scheme)
                                    + "\" is not internal or internet-facing");
        };
    }

    private static List<String> within(List<String> asked, List<String> vpc) {
        var both = new ArrayList<String>();
        for (var one : asked) {
            for (var other : vpc) {
                if (Cidr.parse(one).contains(Cidr.parse(other))) {
                    both.add(other);
                } else if (Cidr.parse(other).contains(Cidr.parse(one))) {
                    both.add(one);
                }
            }
        }
        // Nobody, rather than everybody.
        return both.isEmpty() ? List.of("255.255.255.255/32") : both;
    }

    private static void check(String range, String where) {
        try {
            Cidr.parse(range);
        } catch (IllegalArgumentException malformed) {
            throw new BadAnnotation(where + ": " + String.valueOf(malformed.getMessage()));
        }
    }
}
