package dev.monopod.kube.mapping;

import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.SecurityGroupPolicy;
import dev.monopod.kube.api.SecurityGroupSpec;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.Peer;
import dev.monopod.model.network.RuleSet;
import dev.monopod.model.network.RuleSet.Direction;
import dev.monopod.model.network.RuleSet.Rule;
import dev.monopod.model.network.Traffic;
import dev.monopod.model.network.Traffic.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Security groups, and who gets them.
public final class SecurityGroups {
    private SecurityGroups() {}

    /// Rules of one group: of AWS' 60 for each direction, or 1 000 where its quota is raised.
    static final int MOST_RULES = 2_000;

    /// Ranges of all rules of one group.
    static final int MOST_RANGES = 10_000;

    /// A group as it is served.
    ///
    /// @param problem why it allows nothing, whatever it says; empty when it is served as it stands
    public record Read(RuleSet rules, Optional<String> problem) {}

    /// Never fails: a group that can't be read, or is too large, allows nothing.
    ///
    /// @param lists prefix lists by name; one that is not there has no entries
    public static Read read(SecurityGroup group, Map<String, PrefixList> lists) {
        try {
            var rules = of(group, lists);
            var problem = exceeded(rules);
            return problem.isPresent()
                    ? closed(group, problem.get())
                    : new Read(rules, Optional.empty());
        } catch (RuntimeException malformed) {
            return closed(group, "spec: " + malformed.getMessage());
        }
    }

    private static Read closed(SecurityGroup group, String why) {
        return new Read(
                new RuleSet(
                        "security group " + group.getMetadata().getName() + " (not served)",
                        Map.of(Direction.INGRESS, List.of(), Direction.EGRESS, List.of())),
                Optional.of(why + ". It allows nothing"));
    }

    private static Optional<String> exceeded(RuleSet set) {
        var rules = set.rules().values().stream().mapToInt(List::size).sum();
        var ranges =
                set.rules().values().stream()
                        .flatMap(List::stream)
                        .mapToInt(rule -> rule.peers().size())
                        .sum();
        return rules > MOST_RULES
                ? Optional.of(
                        "spec: ingress and egress have %d rules, the limit is %d"
                                .formatted(rules, MOST_RULES))
                : ranges > MOST_RANGES
                        ? Optional.of(
                                "spec: ingress and egress have %d ranges, prefix lists included, the limit is %d"
                                        .formatted(ranges, MOST_RANGES))
                        : Optional.empty();
    }

    private static RuleSet of(SecurityGroup group, Map<String, PrefixList> lists) {
        var spec = group.getSpec();
        return new RuleSet(
                "security group " + group.getMetadata().getName(),
                Map.of(
                        Direction.INGRESS, rules("ingress", spec.ingress(), lists),
                        Direction.EGRESS, rules("egress", spec.egress(), lists)));
    }

    private static List<Rule> rules(
            String field,
            @Nullable List<SecurityGroupSpec.Rule> rules,
            Map<String, PrefixList> lists) {
        var all = new ArrayList<Rule>();
        for (var rule : orEmpty(rules)) {
            var note = rule.description();
            all.add(
                    new Rule(
                            field
                                    + "["
                                    + all.size()
                                    + "]"
                                    + (note == null || note.isEmpty() ? "" : " (" + note + ")"),
                            List.of(traffic(rule)),
                            peers(rule, lists)));
        }
        return all;
    }

    private static Traffic traffic(SecurityGroupSpec.Rule rule) {
        var from = rule.fromPort();
        var to = Objects.requireNonNullElse(rule.toPort(), from == null ? -1 : from);
        return switch (rule.protocol().toLowerCase(Locale.ROOT)) {
            case "-1" -> Traffic.ANY;
            case "icmp" ->
                    new Traffic.Icmp(
                            Objects.requireNonNullElse(from, Traffic.Icmp.ANY),
                            rule.toPort() == null ? Traffic.Icmp.ANY : rule.toPort());
            case "tcp" -> ports(Protocol.TCP, from, to);
            case "udp" -> ports(Protocol.UDP, from, to);
            default -> throw new IllegalArgumentException("protocol " + rule.protocol());
        };
    }

    private static Traffic ports(Protocol protocol, @Nullable Integer from, int to) {
        return from == null || from < 0
                ? new Traffic.Ports(protocol, 0, Traffic.Ports.LAST)
                : new Traffic.Ports(protocol, from, to);
    }

    private static List<Peer> peers(SecurityGroupSpec.Rule rule, Map<String, PrefixList> lists) {
        if (rule.group() != null) {
            return List.of(new Peer.Members(rule.group()));
        }
        var ranges = new ArrayList<String>(orEmpty(rule.prefixes()));
        if (rule.cidr() != null) {
            ranges.add(rule.cidr());
        }
        var list = rule.prefixList() == null ? null : lists.get(rule.prefixList());
        if (list != null) {
            orEmpty(list.getSpec().entries()).forEach(entry -> ranges.add(entry.cidr()));
        }
        return ranges.stream().map(SecurityGroups::range).toList();
    }

    private static Peer range(String cidr) {
        var range = Cidr.parse(cidr);
        return range.prefix() == 0 ? Peer.ANYONE : new Peer.Range(range);
    }

    /// The groups of a new pod: those of every policy that selects it, each once; none if no policy
    /// does.
    ///
    /// @param policies of the pod's namespace
    /// @param account labels of its service account
    public static List<String> chosen(
            List<SecurityGroupPolicy> policies,
            Map<String, String> labels,
            Map<String, String> account) {
        return policies.stream()
                .map(SecurityGroupPolicy::getSpec)
                .filter(spec -> spec.podSelector() != null || spec.serviceAccountSelector() != null)
                .filter(spec ->
                        Selectors.of(spec.podSelector()).matches(labels)
                                && Selectors.of(spec.serviceAccountSelector()).matches(account))
                .flatMap(spec -> spec.securityGroups().groupIds().stream())
                .distinct()
                .toList();
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
