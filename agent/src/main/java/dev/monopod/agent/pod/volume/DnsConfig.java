package dev.monopod.agent.pod.volume;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Renders `resolv.conf` by the pod's dnsPolicy and dnsConfig.
///
/// @param host the host's own resolver, for `Default`
public record DnsConfig(String clusterDns, String clusterDomain, Resolver host) {
    private static final int NAMESERVERS = 3;
    private static final int SEARCHES = 32;
    private static final int SEARCH_LINE = 2048;
    private static final int DOMAIN = 253;

    /// What a resolver reads, and what had to be left out of it, in a kubelet's words.
    public record Form(String text, List<String> omissions) {
        public Form {
            omissions = List.copyOf(omissions);
        }
    }

    public record Resolver(List<String> nameservers, List<String> searches, List<String> options) {
        /// Reads the lines of a resolv.conf; a loopback resolver is out of a pod's reach and is
        /// left out.
        public static Resolver parse(List<String> lines) {
            List<String> nameservers = new ArrayList<>();
            List<String> searches = new ArrayList<>();
            List<String> options = new ArrayList<>();
            for (var line : lines) {
                var words = line.strip().split("\\s+");
                var rest = List.of(words).subList(1, words.length);
                switch (words[0]) {
                    case "nameserver" ->
                            rest.stream()
                                    .limit(1)
                                    .filter(a -> !a.startsWith("127.") && !a.equals("::1"))
                                    .forEach(nameservers::add);
                    case "search" -> {
                        searches.clear();
                        rest.stream()
                                .filter(domain -> !domain.equals("."))
                                .map(domain -> domain.replaceFirst("\\.$", ""))
                                .forEach(searches::add);
                    }
                    case "options" -> options.addAll(rest);
                    default -> {}
                }
            }
            return new Resolver(nameservers, searches, options);
        }
    }

    public Form form(Pod pod) {
        var policy = pod.getSpec().getDnsPolicy();
        Set<String> nameservers = new LinkedHashSet<>();
        Set<String> searches = new LinkedHashSet<>();
        Map<String, String> options = new LinkedHashMap<>();
        if ("Default".equals(policy)) {
            nameservers.addAll(
                    host.nameservers().isEmpty() ? List.of(clusterDns) : host.nameservers());
            searches.addAll(host.searches());
            host.options().forEach(option -> put(options, option));
        } else if (!"None".equals(policy)) {
            nameservers.add(clusterDns);
            searches.add(pod.getMetadata().getNamespace() + ".svc." + clusterDomain);
            searches.add("svc." + clusterDomain);
            searches.add(clusterDomain);
            searches.addAll(host.searches());
            options.put("ndots", "5");
        }
        var own = pod.getSpec().getDnsConfig();
        if (own != null) {
            nameservers.addAll(own.getNameservers());
            searches.addAll(own.getSearches());
            for (var option : own.getOptions()) {
                options.put(option.getName(), option.getValue() == null ? "" : option.getValue());
            }
        }
        List<String> omissions = new ArrayList<>();
        var servers = fittingNameservers(List.copyOf(nameservers), omissions);
        var domains = fittingSearches(List.copyOf(searches), omissions);
        var text = new StringBuilder();
        if (!domains.isEmpty()) {
            text.append("search ").append(String.join(" ", domains)).append('\n');
        }
        servers.forEach(server -> text.append("nameserver ").append(server).append('\n'));
        if (!options.isEmpty()) {
            text.append("options");
            options.forEach((name, value) ->
                    text.append(' ').append(value.isEmpty() ? name : name + ":" + value));
            text.append('\n');
        }
        return new Form(text.toString(), omissions);
    }

    private static List<String> fittingNameservers(List<String> all, List<String> omissions) {
        if (all.size() <= NAMESERVERS) {
            return all;
        }
        var kept = all.subList(0, NAMESERVERS);
        omissions.add(
                "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: "
                        + String.join(" ", kept));
        return kept;
    }

    private static List<String> fittingSearches(List<String> all, List<String> omissions) {
        List<String> kept =
                new ArrayList<>(
                        all.stream()
                                .limit(SEARCHES)
                                .filter(domain -> domain.length() <= DOMAIN)
                                .toList());
        while (String.join(" ", kept).length() > SEARCH_LINE) {
            kept.removeLast();
        }
        if (kept.size() < all.size()) {
            omissions.add(
                    "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: "
                            + String.join(" ", kept));
        }
        return kept;
    }

    private static void put(Map<String, String> options, String option) {
        var colon = option.indexOf(':');
        options.put(
                colon < 0 ? option : option.substring(0, colon),
                colon < 0 ? "" : option.substring(colon + 1));
    }
}
