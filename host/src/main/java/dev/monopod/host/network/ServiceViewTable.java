package dev.monopod.host.network;

import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.ServiceViews.Back;
import dev.monopod.model.network.ServiceViews.Choice;
import dev.monopod.model.network.ServiceViews.Front;
import dev.monopod.model.network.ServiceViews.View;
import dev.monopod.model.network.Spans;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Writes views of Services as an nft table of a VPC's router. Pure.
///
/// What a pod sends to a Service is translated here, before kube-proxy's rules: a connection is
/// translated once, so these do not see it then. What no choice is made for goes on to them. All of
/// it is replaced in one transaction but the sets of who keeps which endpoint, which stay for as
/// long as the endpoint does.
final class ServiceViewTable {
    static final String TABLE = "monopod_services";

    /// Nothing of it, also if there is nothing.
    static final String NONE = "table ip %1$s\ndelete table ip %1$s\n".formatted(TABLE);

    private static final Pattern CHAIN = Pattern.compile("(?m)^\\s+chain ((?:at|to)-\\S+) \\{");
    private static final Pattern SET = Pattern.compile("(?m)^\\s+set (\\S+) \\{");

    private final StringBuilder rules = new StringBuilder();
    private final TreeSet<String> chains = new TreeSet<>();
    private final TreeMap<String, Integer> sets = new TreeMap<>();
    private final List<String> doors = new ArrayList<>();

    private ServiceViewTable() {}

    /// What a table has, but its fixed parts.
    record Names(Set<String> chains, Set<String> sets) {
        static final Names NONE = new Names(Set.of(), Set.of());

        /// From what nft lists.
        static Names read(String listed) {
            return new Names(found(CHAIN, listed), found(SET, listed));
        }

        private static Set<String> found(Pattern pattern, String listed) {
            var names = new TreeSet<String>();
            var matcher = pattern.matcher(listed);
            while (matcher.find()) {
                names.add(matcher.group(1).replace("\"", ""));
            }
            return names;
        }
    }

    static ServiceViewTable of(Map<Front, View> views) {
        var table = new ServiceViewTable();
        views.entrySet().stream()
                .sorted(Map.Entry.comparingByKey(Comparator.comparing(ServiceViewTable::name)))
                .forEach(each -> table.add(each.getKey(), each.getValue()));
        return table;
    }

    Names names() {
        return new Names(chains, sets.keySet());
    }

    /// @param present what the kernel has
    String script(Names present) {
        if (doors.isEmpty()) {
            return NONE;
        }
        var script =
                new StringBuilder(
                        """
                        table ip %1$s {
                          map doors { type ipv4_addr . inet_proto . inet_service : verdict; }
                          chain prerouting { type nat hook prerouting priority -110; policy accept; }
                        }
                        flush table ip %1$s
                        flush map ip %1$s doors
                        """
                                .formatted(TABLE));
        for (var chain : present.chains()) {
            if (!chains.contains(chain)) {
                script.append("delete chain ip %s %s\n".formatted(TABLE, chain));
            }
        }
        for (var set : present.sets()) {
            if (!sets.containsKey(set)) {
                script.append("delete set ip %s %s\n".formatted(TABLE, set));
            }
        }
        sets.forEach((set, seconds) ->
                script.append(
                        "add set ip %s %s { type ipv4_addr; flags dynamic, timeout; timeout %ds; }\n"
                                .formatted(TABLE, set, seconds)));
        chains.forEach(chain -> script.append("add chain ip %s %s\n".formatted(TABLE, chain)));
        script.append(rules);
        script.append(
                "add element ip %s doors { %s }\n".formatted(TABLE, String.join(", ", doors)));
        rule(
                script,
                "prerouting",
                "iifname \"mp-*\" ip daddr . meta l4proto . th dport vmap @doors");
        return script.toString();
    }

    private void add(Front front, View view) {
        var door = "at-" + name(front);
        chains.add(door);
        doors.add(
                "%s . %s . %d : goto %s"
                        .formatted(front.address(), protocol(front), front.port(), door));
        for (int number = 0; number < view.choices().size(); number++) {
            var choice = view.choices().get(number);
            var from = "ip saddr { %s } ".formatted(addresses(choice.clients()));
            if (view.affinitySeconds() == 0) {
                rule(rules, door, from + translation(front, choice.backs()));
            } else {
                var chain = "to-%s/%d".formatted(name(front), number);
                chains.add(chain);
                rule(rules, door, from + "goto " + chain);
                keep(front, view.affinitySeconds(), choice, chain);
            }
        }
    }

    /// As kube-proxy does it: each endpoint has a set of the clients that keep it.
    private void keep(Front front, int seconds, Choice choice, String chain) {
        var ends = new ArrayList<String>();
        for (var back : choice.backs()) {
            var name = "%s-%s/%d".formatted(name(front), back.address(), back.port());
            var end = "to-" + name;
            var kept = "kept-%d-%s".formatted(seconds, name);
            ends.add(end);
            rule(rules, chain, "ip saddr @%s goto %s".formatted(kept, end));
            sets.put(kept, seconds);
            if (chains.add(end)) {
                // On its own: a full set must not hinder the translation.
                rule(rules, end, "update @%s { ip saddr }".formatted(kept));
                rule(rules, end, translation(front, List.of(back)));
            }
        }
        rule(
                rules,
                chain,
                IntStream.range(0, ends.size())
                        .mapToObj(number -> number + " : goto " + ends.get(number))
                        .collect(
                                Collectors.joining(
                                        ", ",
                                        "numgen random mod %d vmap { ".formatted(ends.size()),
                                        " }")));
    }

    /// nft wants to hear of the protocol again.
    private static String translation(Front front, List<Back> backs) {
        var translation = "meta l4proto %s dnat ".formatted(protocol(front));
        if (backs.size() == 1) {
            var back = backs.getFirst();
            return translation + "to %s:%d".formatted(back.address(), back.port());
        }
        return IntStream.range(0, backs.size())
                .mapToObj(number ->
                        "%d : %s . %d"
                                .formatted(
                                        number,
                                        backs.get(number).address(),
                                        backs.get(number).port()))
                .collect(
                        Collectors.joining(
                                ", ",
                                translation
                                        + "ip to numgen random mod %d map { "
                                                .formatted(backs.size()),
                                " }"));
    }

    private static void rule(StringBuilder script, String chain, String rule) {
        script.append("add rule ip %s %s %s\n".formatted(TABLE, chain, rule));
    }

    private static String name(Front front) {
        return "%s/%s/%d".formatted(front.address(), protocol(front), front.port());
    }

    private static String protocol(Front front) {
        return front.protocol().name().toLowerCase(Locale.ROOT);
    }

    private static String addresses(Spans spans) {
        return spans.all().stream()
                .map(span ->
                        Cidr.text(span.first())
                                + (span.first() == span.last() ? "" : "-" + Cidr.text(span.last())))
                .collect(Collectors.joining(", "));
    }
}
