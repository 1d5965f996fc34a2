package dev.monopod.cli.net;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.mapping.ServiceObjects;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.EndpointChoice;
import dev.monopod.model.network.FirewallRules;
import dev.monopod.model.network.FirewallWalk;
import dev.monopod.model.network.FirewallWalk.Packet;
import dev.monopod.model.network.FirewallWalk.Verdict;
import dev.monopod.model.network.NetworkFacts;
import dev.monopod.model.network.PodInterface;
import dev.monopod.model.network.RuleSet.Direction;
import dev.monopod.model.network.ServiceViews.Back;
import dev.monopod.model.network.Traffic;
import dev.monopod.model.network.Traffic.Protocol;
import io.fabric8.kubernetes.api.model.Service;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// Follows the first packet of a connection from a pod: translation, then every chain of rules that
/// it meets, by the engine that makes the hosts' rules. Pure.
final class NetTrace {
    private static final Cidr LINK_LOCAL = Cidr.parse("169.254.0.0/16");

    private final NetReads reads;
    private final NetworkFacts facts;

    NetTrace(NetReads reads) {
        this.reads = reads;
        this.facts = reads.network().facts();
    }

    /// @param port number, or a name that the target gives it; of ICMP the type
    record Question(NetEnd.OfPod source, NetEnd target, String port, Wire protocol) {}

    /// What the connection is made of.
    enum Wire {
        TCP,
        UDP,
        SCTP,
        ICMP;

        /// @throws CliException naming those that there are
        static Wire parse(String text) {
            return Stream.of(values())
                    .filter(each -> each.name().equalsIgnoreCase(text))
                    .findFirst()
                    .orElseThrow(() ->
                            new CliException(
                                    "protocol %s: it is one of tcp, udp, sctp, icmp"
                                            .formatted(text)));
        }
    }

    /// One thing that happens to the packet.
    record Step(String step, String packet, String verdict, String by) {}

    record Answer(boolean passes, String summary, List<Step> steps) {}

    /// An address and a port, and how it came to be.
    private record Target(String address, int port) {}

    Answer trace(Question question) {
        var source =
                pod(question.source())
                        .orElseThrow(() ->
                                new CliException(
                                        "no pod %s has an address in a VPC"
                                                .formatted(question.source().name())));
        var steps = new ArrayList<Step>();
        var targets = targets(question, source, steps);
        if (targets.isEmpty()) {
            return new Answer(
                    false, "dropped: the Service has no ready endpoint for the pod", steps);
        }
        var passes = true;
        var last = "";
        for (var target : targets) {
            var dropped = follow(question, source, target, steps);
            if (dropped.isPresent()) {
                passes = false;
                last = dropped.get();
            }
        }
        return new Answer(passes, passes ? "passes; answers always do" : "dropped: " + last, steps);
    }

    /// @return what drops it; empty if nothing does
    private Optional<String> follow(
            Question question, PodInterface source, Target target, List<Step> steps) {
        var traffic = traffic(question.protocol(), target.port());
        var text = "%s → %s %s".formatted(source.address(), target.address(), traffic);
        if (LINK_LOCAL.contains(target.address())) {
            steps.add(new Step("router", text, "DROPPED", "169.254.0.0/16 is dead in every VPC"));
            return Optional.of("169.254.0.0/16 is dead in every VPC");
        }
        var firewall = FirewallRules.compile(facts, _ -> true);
        if (source.address().equals(target.address())) {
            steps.add(new Step("router", text, "ALLOWED", "a pod reaches itself"));
            return Optional.empty();
        }
        for (var step :
                FirewallWalk.walk(
                        firewall, new Packet(source.address(), target.address(), traffic))) {
            var name =
                    (step.direction() == Direction.EGRESS ? "egress of " : "ingress of ")
                            + name(
                                    step.direction() == Direction.EGRESS
                                            ? source.address()
                                            : target.address());
            var by =
                    step.verdict() == Verdict.ALLOWED
                            ? step.rule()
                            : "no rule of " + step.owners() + " allows it";
            steps.add(new Step(name, text, step.verdict().name(), by));
            if (step.verdict() == Verdict.DROPPED) {
                return Optional.of(by);
            }
        }
        if (facts.pods().stream().noneMatch(pod -> pod.address().equals(target.address()))
                && facts.hosts().stream().noneMatch(host -> host.contains(target.address()))) {
            steps.add(
                    new Step(
                            "host",
                            text,
                            "TRANSLATED",
                            "NAT gateway: the host's address becomes the source"));
        }
        return Optional.empty();
    }

    private List<Target> targets(Question question, PodInterface source, List<Step> steps) {
        return switch (question.target()) {
            case NetEnd.OfService wanted -> behind(service(wanted), question, source, steps);
            case NetEnd.OfAddress wanted -> {
                for (var service : reads.services()) {
                    if (wanted.address().equals(service.getSpec().getClusterIP())) {
                        yield behind(service, question, source, steps);
                    }
                }
                yield List.of(new Target(wanted.address(), number(question.port(), source)));
            }
            case NetEnd.OfPod wanted -> {
                var pod =
                        pod(wanted)
                                .orElseThrow(() ->
                                        new CliException(
                                                "no pod %s has an address in a VPC"
                                                        .formatted(wanted.name()),
                                                "for a Service: svc/" + wanted.name()));
                yield List.of(new Target(pod.address(), number(question.port(), pod)));
            }
        };
    }

    private List<Target> behind(
            Service service, Question question, PodInterface source, List<Step> steps) {
        var metadata = service.getMetadata();
        var port =
                service.getSpec().getPorts().stream()
                        .filter(each ->
                                question.port().equals(String.valueOf(each.getPort()))
                                        || question.port().equals(each.getName()))
                        .filter(each ->
                                question.protocol().name().equalsIgnoreCase(each.getProtocol()))
                        .findFirst()
                        .orElseThrow(() ->
                                new CliException(
                                        "Service %s/%s has no %s port %s"
                                                .formatted(
                                                        metadata.getNamespace(),
                                                        metadata.getName(),
                                                        question.protocol()
                                                                .name()
                                                                .toLowerCase(Locale.ROOT),
                                                        question.port())));
        var choice = new ServiceObjects(reads.services(), reads.slices()).choice(service, port);
        var seen = seen(choice, source);
        var by = seen.equals(choice.others()) ? "kube-proxy" : "for the pod's Node or zone";
        var targets = seen.stream().map(back -> new Target(back.address(), back.port())).toList();
        for (var target : targets) {
            steps.add(
                    new Step(
                            "Service",
                            "%s:%d → %s:%d"
                                    .formatted(
                                            service.getSpec().getClusterIP(),
                                            port.getPort(),
                                            target.address(),
                                            target.port()),
                            "TRANSLATED",
                            "%s: an endpoint of %s/%s"
                                    .formatted(by, metadata.getNamespace(), metadata.getName())));
        }
        return targets;
    }

    /// A pod without a machine is on an ordinary Node, whose kube-proxy is asked instead.
    private List<Back> seen(EndpointChoice choice, PodInterface source) {
        return reads.network().machines().stream()
                .map(Machine::getSpec)
                .filter(spec -> spec.network().address().equals(source.address()))
                .findFirst()
                .map(spec -> choice.of(spec.nodeName(), spec.network().zone()))
                .orElse(choice.others());
    }

    private Service service(NetEnd.OfService wanted) {
        return reads.services().stream()
                .filter(each ->
                        each.getMetadata().getNamespace().equals(wanted.namespace())
                                && each.getMetadata().getName().equals(wanted.name()))
                .findFirst()
                .orElseThrow(() ->
                        new CliException(
                                "there is no Service %s/%s"
                                        .formatted(wanted.namespace(), wanted.name())));
    }

    private Optional<PodInterface> pod(NetEnd.OfPod wanted) {
        var full = wanted.namespace() + "/" + wanted.name();
        return facts.pods().stream().filter(pod -> pod.toString().equals(full)).findFirst();
    }

    private String name(String address) {
        return facts.pods().stream()
                .filter(pod -> pod.address().equals(address))
                .map(PodInterface::toString)
                .findFirst()
                .orElse(address);
    }

    private static int number(String port, PodInterface of) {
        if (port.matches("[0-9]{1,5}")) {
            return Integer.parseInt(port);
        }
        return of.ports().stream()
                .filter(each -> each.name().equals(port))
                .map(PodInterface.Port::number)
                .findFirst()
                .orElseThrow(() -> new CliException("%s names no port %s".formatted(of, port)));
    }

    private static Traffic traffic(Wire protocol, int port) {
        return switch (protocol) {
            case TCP -> new Traffic.Ports(Protocol.TCP, port, port);
            case UDP -> new Traffic.Ports(Protocol.UDP, port, port);
            case SCTP -> new Traffic.Ports(Protocol.SCTP, port, port);
            case ICMP -> new Traffic.Icmp(port, 0);
        };
    }
}
