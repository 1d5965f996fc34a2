package dev.monopod.cli.up;

import dev.monopod.cli.cluster.JoinedCluster;
import dev.monopod.cli.installation.Addressing;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Overcommit;
import dev.monopod.cli.installation.Standing;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.network.Cidr;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What `up` makes of this host: what the options say, else what the last `up` decided, else what
/// the cluster says that the host joins, else the default. Pure.
sealed interface UpPlan {
    /// Options by which the operator says which hosts run a controller.
    String CONTROLLER = "--controller";

    String NO_CONTROLLER = "--no-controller";

    /// @param others the VPC in which other hosts stand, if this one joins their cluster now and
    ///   has to claim an address there
    record Go(Installation installation, Optional<Vpc> others) implements UpPlan {}

    /// An option has a value that cannot be.
    record WrongUsage(String message) implements UpPlan {}

    /// It cannot be while something else is as it is.
    record Refused(String message, String fix) implements UpPlan {}

    /// The options, as far as the user gave them.
    ///
    /// @param vpc name of the VPC
    /// @param role of a host of a cluster that was there before Monopod
    record Asked(
            String vpc,
            Optional<String> range,
            Optional<String> services,
            Optional<String> region,
            Optional<Path> kubeconfig,
            Optional<Integer> cpuOvercommit,
            Optional<Integer> storageOvercommit,
            Optional<String> underlay,
            Optional<Standing.Role> role) {}

    /// What this host, and the cluster that it joins, are like.
    ///
    /// @param last what the last `up` decided
    /// @param joined empty if the host has a cluster of its own
    /// @param routed ranges that the host routes already
    /// @param usualUnderlay by which others would reach this host, unless somebody says otherwise
    /// @param administrator whether there is a file by which the cluster's rights can be changed
    record Found(
            Optional<Installation> last,
            Optional<JoinedCluster.Facts> joined,
            List<Cidr> routed,
            String hostName,
            Optional<String> usualUnderlay,
            UpDecision.Administrator administrator) {}

    /// Which cluster the host joins; empty: one of its own. What stands against that is told by
    /// [#of].
    static Optional<Path> cluster(Asked asked, Optional<Standing> last) {
        if (last.isEmpty()) {
            return asked.kubeconfig();
        }
        return guestOf(last.get()).map(before -> asked.kubeconfig().orElse(before));
    }

    static UpPlan of(Asked asked, Found found) {
        try {
            return decide(asked, found);
        } catch (Stop stop) {
            return stop.plan;
        }
    }

    private static UpPlan decide(Asked asked, Found found) {
        found.last().ifPresent(last -> sameCluster(asked, last.standing()));
        Optional<Vpc> others =
                found.last().isPresent()
                        ? Optional.empty()
                        : found.joined().flatMap(JoinedCluster.Facts::vpc);
        Addressing network = network(asked, found, others);
        found.last().ifPresent(last -> sameNetwork(network, last.network()));
        Overcommit overcommit = overcommit(asked, found.last().map(Installation::overcommit));
        others.ifPresent(vpc -> inside(vpc, network.range()));
        var standing = standing(asked, found);
        noRoleOfOwn(asked, standing);
        return new Go(
                new Installation(
                        found.last().map(Installation::hostName).orElse(found.hostName()),
                        network,
                        overcommit,
                        standing),
                others);
    }

    private static void sameCluster(Asked asked, Standing last) {
        // Whether another file is of the same cluster is seen where it is used: GRANT_RIGHTS.
        if (asked.kubeconfig().isEmpty() || last instanceof Standing.Guest) {
            return;
        }
        throw new Stop(
                new Refused(
                        switch (last) {
                            case Standing.Alone _, Standing.First _ ->
                                    "this machine is up with a control plane of its own";
                            case Standing.Member _ ->
                                    "this machine is a host of another machine's cluster";
                            case Standing.Guest _ ->
                                    throw new IllegalStateException("its file may be another");
                        },
                        "monopod down, then up with the new cluster"));
    }

    private static Optional<Path> guestOf(Standing standing) {
        return standing instanceof Standing.Guest guest
                ? Optional.of(guest.kubeconfig())
                : Optional.empty();
    }

    private static Addressing network(Asked asked, Found found, Optional<Vpc> others) {
        var last = found.last().map(Installation::network);
        var range =
                asked.range()
                        .map(text -> range("--vpc-cidr", text, 16, 24))
                        .or(() -> last.map(Addressing::range))
                        .or(() -> others.map(UpPlan::range))
                        .orElseGet(() -> free(found.routed()));
        var services =
                asked.services()
                        .map(text -> range("--service-cidr", text, 12, 24))
                        .or(() -> last.map(Addressing::services))
                        .or(() ->
                                found.joined()
                                        .flatMap(JoinedCluster.Facts::serviceCidr)
                                        .map(Cidr::parse))
                        .orElse(Cidr.parse(Defaults.SERVICE_CIDR));
        if (range.overlaps(services)) {
            throw usage("the VPC %s and the Services %s overlap".formatted(range, services));
        }
        return new Addressing(
                last.map(Addressing::vpc)
                        .or(() -> others.map(it -> it.getMetadata().getName()))
                        .orElse(asked.vpc()),
                range,
                services,
                asked.region()
                        .or(() -> last.map(Addressing::region))
                        .or(() -> others.map(it -> it.getSpec().region()))
                        .orElse(Defaults.REGION));
    }

    private static Cidr range(Vpc vpc) {
        return Cidr.parse(vpc.getSpec().cidrs().getFirst());
    }

    private static Cidr range(String option, String text, int shortest, int longest) {
        try {
            var range = Cidr.around(text);
            if (range.prefix() < shortest || range.prefix() > longest) {
                throw usage("%s %s: /%d to /%d".formatted(option, text, shortest, longest));
            }
            return range;
        } catch (IllegalArgumentException malformed) {
            throw usage(option + ": " + malformed.getMessage());
        }
    }

    private static Cidr free(List<Cidr> routed) {
        return Stream.concat(
                        Stream.of(Defaults.VPC_CIDR),
                        IntStream.range(42, 100).mapToObj("10.%d.0.0/16"::formatted))
                .map(Cidr::parse)
                .filter(range -> routed.stream().noneMatch(range::overlaps))
                .findFirst()
                .orElseThrow(() -> usage("every range is routed already; name one by --vpc-cidr"));
    }

    private static void sameNetwork(Addressing wanted, Addressing last) {
        if (!wanted.equals(last)) {
            throw new Stop(
                    new Refused(
                            "this machine is up with VPC %s, Services %s, region %s; they cannot change while objects exist"
                                    .formatted(last.range(), last.services(), last.region()),
                            "monopod down, then up with the new values"));
        }
    }

    private static void inside(Vpc others, Cidr chosen) {
        if (!chosen.equals(range(others))) {
            throw usage(
                    "--vpc-cidr %s: the VPC %s of the cluster's hosts has %s"
                            .formatted(chosen, others.getMetadata().getName(), range(others)));
        }
    }

    private static Overcommit overcommit(Asked asked, Optional<Overcommit> last) {
        var before = last.orElse(Overcommit.USUAL);
        return new Overcommit(
                factor("--cpu-overcommit", asked.cpuOvercommit().orElse(before.cpu())),
                factor("--storage-overcommit", asked.storageOvercommit().orElse(before.storage())));
    }

    private static int factor(String option, int chosen) {
        if (chosen < 1 || chosen > 100) {
            throw usage("%s %d: 1 to 100".formatted(option, chosen));
        }
        return chosen;
    }

    private static Standing standing(Asked asked, Found found) {
        var last = found.last().map(Installation::standing);
        var underlay =
                asked.underlay()
                        .or(() -> last.flatMap(Standing::underlayAddress))
                        .or(found::usualUnderlay);
        if (last.isPresent() && last.get() instanceof Standing.Member member) {
            return new Standing.Member(
                    member.dns(), underlay.orElse(member.underlay()), member.address());
        }
        return cluster(asked, last)
                .<Standing>map(kubeconfig ->
                        new Standing.Guest(
                                kubeconfig,
                                found.joined().orElseThrow().dnsAddress(),
                                underlay,
                                last.flatMap(Standing::givenAddress),
                                role(asked, found, last)))
                .orElseGet(() -> Standing.own(underlay));
    }

    /// What the operator says, else what this host was, else: the first host runs the controller,
    /// unless the cluster itself does.
    private static Standing.Role role(Asked asked, Found found, Optional<Standing> last) {
        var before =
                last.filter(Standing.Guest.class::isInstance)
                        .map(it -> ((Standing.Guest) it).role());
        var first =
                found.joined()
                        .filter(cluster -> cluster.controller() || cluster.vpc().isPresent())
                        .isEmpty();
        var role =
                asked.role()
                        .or(() -> before)
                        .orElse(
                                first
                                        ? Standing.Role.CONTROLLER_AND_AGENT
                                        : Standing.Role.AGENT_ONLY);
        if (before.isPresent()
                && role != before.get()
                && found.administrator() == UpDecision.Administrator.GONE) {
            throw new Stop(
                    new Refused(
                            "whether this host runs a controller is changed in the cluster, too, and no administrator's kubeconfig is there",
                            "monopod up %s --kubeconfig FILE, with an administrator's"
                                    .formatted(
                                            role == Standing.Role.AGENT_ONLY
                                                    ? NO_CONTROLLER
                                                    : CONTROLLER)));
        }
        return role;
    }

    /// The controller of a cluster of Monopod's own runs where its control plane does.
    private static void noRoleOfOwn(Asked asked, Standing standing) {
        if (asked.role().isPresent() && !(standing instanceof Standing.Guest)) {
            throw usage(
                    "%s and %s are for a host of a cluster that was there before Monopod (--kubeconfig); in a cluster of Monopod's own the controller runs on the first host"
                            .formatted(CONTROLLER, NO_CONTROLLER));
        }
    }

    private static Stop usage(String message) {
        return new Stop(new WrongUsage(message));
    }

    /// Ends the decision where something stands against it; never leaves [#of].
    final class Stop extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final transient UpPlan plan;

        private Stop(UpPlan plan) {
            super(plan.toString(), null, false, false);
            this.plan = plan;
        }
    }
}
