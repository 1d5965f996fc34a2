package dev.monopod.agent.loadbalancing;

import dev.monopod.loadbalancing.haproxy.HaproxyConfiguration;
import dev.monopod.loadbalancing.rules.Backend;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.Owner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// Which load balancers HAProxy takes. When it refuses the whole, halves are tried until it is
/// known whose it refuses: these are served as they were before, or not at all, and what is refused
/// is not tried again until it is another. Of two that can't stand together the first is taken. One
/// caller at a time.
final class AcceptedBalancers {
    /// In what HAProxy says of a configuration; else something else hindered it.
    private static final String REFUSAL = "[ALERT]";

    private final Check check;
    private final Path folder;
    private final Map<Owner, Refusal> refused = new HashMap<>();
    private final Map<Owner, LoadBalancer> accepted = new HashMap<>();

    /// HAProxy's complaint about a configuration; empty if it would take it.
    @FunctionalInterface
    interface Check {
        Optional<String> complaint(HaproxyConfiguration configuration) throws IOException;
    }

    /// @param structure what was refused
    private record Refusal(String structure, String complaint) {}

    AcceptedBalancers(Check check, Path folder) {
        this.check = check;
        this.folder = folder;
    }

    /// Those that were not refused, and of the others what was accepted before.
    List<LoadBalancer> known(List<LoadBalancer> wanted) {
        refused.keySet().retainAll(wanted.stream().map(LoadBalancer::owner).toList());
        accepted.keySet().retainAll(wanted.stream().map(LoadBalancer::owner).toList());
        var usable = new ArrayList<LoadBalancer>();
        for (var balancer : wanted) {
            if (isRefused(balancer)) {
                before(balancer).ifPresent(usable::add);
            } else {
                usable.add(balancer);
            }
        }
        return usable;
    }

    /// HAProxy's words about those that it refuses.
    Map<Owner, String> complaints() {
        return refused.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue().complaint()));
    }

    /// It runs with these.
    void loaded(List<LoadBalancer> usable) {
        usable.forEach(balancer -> accepted.put(balancer.owner(), balancer));
    }

    /// Finds out what it refuses.
    ///
    /// @param wanted what [#known] told, refused as a whole
    /// @return what it takes
    List<LoadBalancer> search(List<LoadBalancer> wanted) throws IOException {
        var taken = new ArrayList<LoadBalancer>();
        among(wanted, taken);
        return taken;
    }

    /// Adds to those that are taken what it takes together with them.
    private void among(List<LoadBalancer> some, List<LoadBalancer> taken) throws IOException {
        if (some.isEmpty()) {
            return;
        }
        var together = new ArrayList<>(taken);
        together.addAll(some);
        var complaint = check.complaint(HaproxyConfiguration.of(together, folder));
        if (complaint.isEmpty()) {
            taken.addAll(some);
        } else if (!complaint.get().contains(REFUSAL)) {
            throw new IOException("HAProxy can't be asked: " + complaint.get());
        } else if (some.size() == 1) {
            refuse(some.getFirst(), complaint.get(), taken);
        } else {
            among(some.subList(0, some.size() / 2), taken);
            among(some.subList(some.size() / 2, some.size()), taken);
        }
    }

    private void refuse(LoadBalancer balancer, String complaint, List<LoadBalancer> taken)
            throws IOException {
        refused.put(balancer.owner(), new Refusal(structure(balancer), complaint));
        var before = before(balancer);
        if (before.isPresent()) {
            var together = new ArrayList<>(taken);
            together.add(before.get());
            if (check.complaint(HaproxyConfiguration.of(together, folder)).isEmpty()) {
                taken.add(before.get());
            } else {
                accepted.remove(balancer.owner());
            }
        }
    }

    private boolean isRefused(LoadBalancer balancer) {
        var refusal = refused.get(balancer.owner());
        if (refusal == null) {
            return false;
        }
        if (refusal.structure().equals(structure(balancer))) {
            return true;
        }
        refused.remove(balancer.owner());
        return false;
    }

    private String structure(LoadBalancer balancer) {
        return HaproxyConfiguration.of(List.of(balancer), folder).structure();
    }

    /// As it was accepted, with the targets of now: an address of then may be another tenant's.
    private Optional<LoadBalancer> before(LoadBalancer now) {
        var before = accepted.get(now.owner());
        if (before == null) {
            return Optional.empty();
        }
        var fresh = new HashMap<String, Backend>();
        now.backends().forEach(backend -> fresh.put(backend.name(), backend));
        return Optional.of(
                new LoadBalancer(
                        before.owner(),
                        now.address(),
                        before.listeners(),
                        before.backends().stream()
                                .map(backend -> refreshed(backend, fresh))
                                .toList()));
    }

    private static Backend refreshed(Backend before, Map<String, Backend> fresh) {
        if (!(before.behaviour() instanceof Behaviour.Pool pool)) {
            return before;
        }
        var now = fresh.get(before.name());
        return new Backend(
                before.name(),
                before.changes(),
                pool.with(now == null ? List.of() : now.targets()));
    }
}
