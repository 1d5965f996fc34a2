package dev.monopod.host.network;

import dev.monopod.host.network.ServiceViewTable.Names;
import dev.monopod.model.network.ServiceViews;
import dev.monopod.model.network.ServiceViews.Back;
import dev.monopod.model.network.ServiceViews.Front;
import dev.monopod.model.network.Traffic.Protocol;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// The views of Services in the kernel, in the routers of VPCs. Where there are none there is no
/// table. Not thread-safe.
public final class ServiceViewTables {
    /// Of a flow the sender and its port of the answers: who was chosen.
    private static final Pattern ANSWERS =
            Pattern.compile("(?m) src=\\S+ .* src=([0-9.]+) dst=\\S+ sport=([0-9]+) ");

    private final HostCommand command = HostCommand.ofThisHost();
    private final Map<String, ServiceViews> applied = new HashMap<>();

    /// Returns when the kernel translates by them. Nothing is done if it does already.
    ///
    /// @throws NetworkException when the kernel refuses them; then there are none, as what is there
    ///   grows old, and kube-proxy's rules hold for all
    public void apply(String vpc, ServiceViews wanted) {
        var before = Optional.ofNullable(applied.remove(vpc));
        if (before.isEmpty() || !before.get().views().equals(wanted.views())) {
            var namespace = LinkNames.namespace(vpc);
            var present =
                    before.map(known -> ServiceViewTable.of(known.views()).names())
                            .orElseGet(() -> present(namespace));
            try {
                command.nft(namespace, ServiceViewTable.of(wanted.views()).script(present));
            } catch (NetworkException e) {
                command.nft(namespace, ServiceViewTable.NONE);
                throw e;
            }
            changed(before, wanted, present)
                    .forEach(front ->
                            forget(
                                    namespace,
                                    front,
                                    wanted.datagrams().getOrDefault(front, Set.of())));
        }
        applied.put(vpc, wanted);
    }

    /// What an earlier agent left. To list many sets takes long: then the clients' endpoints are
    /// forgotten.
    private Names present(String namespace) {
        try {
            return Names.read(
                    command.shell(
                            namespace,
                            // It fails when there is none.
                            "nft --terse list table ip %s 2>/dev/null | grep -E '^\\s+(chain|set) ' || true"
                                    .formatted(ServiceViewTable.TABLE)));
        } catch (NetworkException e) {
            command.nft(namespace, ServiceViewTable.NONE);
            return Names.NONE;
        }
    }

    /// UDP ports whose endpoints were, or may have been, chosen here; an earlier agent may have
    /// chosen any.
    private static Set<Front> changed(
            Optional<ServiceViews> before, ServiceViews wanted, Names present) {
        var fronts = new HashSet<Front>();
        before.ifPresentOrElse(
                known -> {
                    fronts.addAll(known.views().keySet());
                    fronts.addAll(wanted.views().keySet());
                    fronts.removeIf(front ->
                            Optional.ofNullable(known.views().get(front))
                                    .equals(Optional.ofNullable(wanted.views().get(front))));
                },
                () -> {
                    if (!present.chains().isEmpty()) {
                        fronts.addAll(wanted.datagrams().keySet());
                    }
                });
        fronts.removeIf(front -> front.protocol() != Protocol.UDP);
        return fronts;
    }

    /// kube-proxy forgets the flows to an endpoint that has gone, but between that and our change
    /// the next packet may have been led to it anew. As with kube-proxy, a flow to one that answers
    /// goes on, and a port without any endpoint is left alone.
    private void forget(String namespace, Front front, Set<Back> answering) {
        if (answering.isEmpty()) {
            return;
        }
        var gone = new HashSet<Back>();
        var flows = ANSWERS.matcher(conntrack(namespace, "--dump", front, ""));
        while (flows.find()) {
            var back = new Back(flows.group(1), Integer.parseInt(flows.group(2)));
            if (!answering.contains(back)) {
                gone.add(back);
            }
        }
        gone.forEach(back ->
                conntrack(
                        namespace,
                        "--delete",
                        front,
                        " --reply-src %s --reply-port-src %d"
                                .formatted(back.address(), back.port())));
    }

    private String conntrack(String namespace, String verb, Front front, String flows) {
        return command.shell(
                namespace,
                // It fails when there is none.
                "conntrack %s --proto udp --orig-dst %s --orig-port-dst %d%s 2>/dev/null || true"
                        .formatted(verb, front.address(), front.port(), flows));
    }
}
