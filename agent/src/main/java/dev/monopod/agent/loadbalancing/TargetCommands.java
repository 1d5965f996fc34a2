package dev.monopod.agent.loadbalancing;

import dev.monopod.loadbalancing.haproxy.HaproxyConfiguration;
import dev.monopod.loadbalancing.haproxy.TargetTable;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.Target;
import dev.monopod.loadbalancing.rules.TargetChange;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings HAProxy's targets to what they should be, over its runtime socket. What HAProxy says it
/// has counts, not what was told to it before. One caller at a time.
final class TargetCommands {
    private static final Logger LOG = LoggerFactory.getLogger(TargetCommands.class);

    private final RuntimeSocket socket;
    private final Clock clock;

    /// Targets that should be gone and still have connections.
    private final Map<String, Instant> leaving = new HashMap<>();

    TargetCommands(RuntimeSocket socket, Clock clock) {
        this.socket = socket;
        this.clock = clock;
    }

    private record Place(LoadBalancer balancer, Behaviour.Pool pool) {}

    /// @throws IOException if HAProxy does not answer
    void apply(List<LoadBalancer> balancers) throws IOException {
        var places = new TreeMap<String, Place>();
        var wanted = new TreeMap<String, List<Target>>();
        for (var balancer : balancers) {
            for (var backend : balancer.backends()) {
                if (backend.behaviour() instanceof Behaviour.Pool pool) {
                    var section = HaproxyConfiguration.section(balancer, backend);
                    places.put(section, new Place(balancer, pool));
                    wanted.put(section, HaproxyConfiguration.servers(pool));
                }
            }
        }
        var running = TargetTable.targets(socket.ask("show servers state"));
        leaving.keySet()
                .removeIf(name ->
                        running.entrySet().stream()
                                .noneMatch(section ->
                                        section.getValue().stream()
                                                .anyMatch(target ->
                                                        name.equals(
                                                                section.getKey()
                                                                        + "/"
                                                                        + target.name()))));
        for (var change : TargetChange.between(running, wanted)) {
            make(change, places);
        }
    }

    private void make(TargetChange change, Map<String, Place> places) throws IOException {
        switch (change) {
            case TargetChange.Add(String section, Target target) -> {
                var place = places.get(section);
                if (place != null) {
                    add(section + "/" + target.name(), place, target);
                }
            }
            case TargetChange.Drain(String section, Target target) ->
                    tell("set server " + section + "/" + target.name() + " state drain", "");
            case TargetChange.Resume(String section, Target target) -> {
                var name = section + "/" + target.name();
                leaving.remove(name);
                tell("set server " + name + " weight " + target.weight(), "");
                tell("set server " + name + " state ready", "");
            }
            case TargetChange.Weigh(String section, Target target) ->
                    tell(
                            "set server "
                                    + section
                                    + "/"
                                    + target.name()
                                    + " weight "
                                    + target.weight(),
                            "");
            case TargetChange.Remove(String section, Target target) ->
                    remove(section + "/" + target.name(), places.get(section));
        }
    }

    /// A checked server gets nothing until its first check has passed: "stopping" is the state from
    /// which one check leads to service.
    private void add(String name, Place place, Target target) throws IOException {
        var line = HaproxyConfiguration.server(place.balancer(), place.pool(), target);
        tell("add server " + name + " " + line, "New server registered.");
        var checked = target.role() == Target.Role.CHECKED;
        if (checked) {
            tell("enable health " + name, "");
        }
        tell("enable server " + name, "");
        if (checked) {
            tell("set server " + name + " health stopping", "");
        }
    }

    /// Only a server without connections can go; they end by themselves, or at the end of the
    /// delay.
    private void remove(String name, @org.jspecify.annotations.Nullable Place place)
            throws IOException {
        var now = clock.instant();
        var since = leaving.putIfAbsent(name, now);
        if (since == null) {
            tell("set server " + name + " state maint", "");
        } else if (place != null
                && now.isAfter(since.plus(Duration.ofSeconds(place.pool().drainSeconds())))) {
            tell("shutdown sessions server " + name, "");
        }
        var answer = socket.ask("del server " + name);
        if (answer.equals("Server deleted.")) {
            leaving.remove(name);
            LOG.info("{} is gone", name);
        } else {
            LOG.debug("{} stays for now: {}", name, answer);
        }
    }

    private void tell(String command, String expected) throws IOException {
        var answer = socket.ask(command);
        if (answer.equals(expected)) {
            LOG.info("{}", command);
        } else {
            LOG.warn("{}: {}", command, answer);
        }
    }
}
