package dev.monopod.agent.firewall;

import dev.monopod.host.network.NetworkException;
import dev.monopod.model.network.Firewall;
import dev.monopod.model.network.FirewallRules;
import dev.monopod.model.network.NetworkFacts;
import dev.monopod.model.network.NetworkFacts.Policy;
import dev.monopod.model.network.PodInterface;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Finds out whose policies the packet filter refuses when it refuses the whole, so that these
/// close the pods of their own namespace and all others are served. Tries halves, without loading
/// any: meanwhile the rules of before hold. One thread.
final class RefusedPolicies {
    /// As they were when they were refused: tried again when they are others.
    private final Map<String, List<Policy>> refused = new HashMap<>();

    /// The rules without what was refused before.
    Firewall compile(NetworkFacts facts, Predicate<PodInterface> here) {
        if (!refused.isEmpty()) {
            var now = byNamespace(facts);
            refused.entrySet().removeIf(each -> !each.getValue().equals(now.get(each.getKey())));
        }
        return FirewallRules.compile(facts, here, refused.keySet());
    }

    /// The rules without those that the packet filter does not take.
    ///
    /// @param check throws where it takes them not
    /// @throws NetworkException of the check, when no policy is what it refuses
    Firewall search(NetworkFacts facts, Predicate<PodInterface> here, Consumer<Firewall> check) {
        var policies = byNamespace(facts);
        var own =
                facts.pods().stream()
                        .filter(here)
                        .map(PodInterface::namespace)
                        .filter(policies::containsKey)
                        .distinct()
                        .sorted()
                        .toList();
        var search = new Search(facts, here, check, Set.copyOf(own));
        check.accept(FirewallRules.compile(facts, here, search.all));
        search.among(own);
        search.found.forEach(name -> refused.put(name, policies.getOrDefault(name, List.of())));
        return FirewallRules.compile(facts, here, refused.keySet());
    }

    private static Map<String, List<Policy>> byNamespace(NetworkFacts facts) {
        return facts.policies().stream().collect(Collectors.groupingBy(Policy::namespace));
    }

    private record Search(
            NetworkFacts facts,
            Predicate<PodInterface> here,
            Consumer<Firewall> check,
            Set<String> all,
            List<String> found) {
        Search(
                NetworkFacts facts,
                Predicate<PodInterface> here,
                Consumer<Firewall> check,
                Set<String> all) {
            this(facts, here, check, all, new ArrayList<>());
        }

        void among(List<String> some) {
            if (some.isEmpty() || taken(some)) {
                return;
            }
            if (some.size() == 1) {
                found.add(some.getFirst());
                return;
            }
            among(some.subList(0, some.size() / 2));
            among(some.subList(some.size() / 2, some.size()));
        }

        private boolean taken(List<String> some) {
            var shut = new HashSet<>(all);
            some.forEach(shut::remove);
            try {
                check.accept(FirewallRules.compile(facts, here, shut));
                return true;
            } catch (NetworkException refused) {
                return false;
            }
        }
    }
}
