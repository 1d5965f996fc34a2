package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import dev.monopod.loadbalancing.rules.Listener.Certificate;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteGroupKind;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.SecretObjectReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/// Judges the listeners of a Gateway: which can be served, and why not.
final class GatewayListeners {
    private static final String GROUP = Gateways.GROUP;

    private final Inventory inventory;
    private final Grants grants;

    GatewayListeners(Inventory inventory, Grants grants) {
        this.inventory = inventory;
        this.grants = grants;
    }

    /// A listener as judged.
    ///
    /// @param hostname empty: any
    record Judged(
            io.fabric8.kubernetes.api.model.gatewayapi.v1.Listener spec,
            String hostname,
            Optional<Protocol> protocol,
            List<String> kinds,
            List<Certificate> certificates,
            State accepted,
            State resolved,
            State conflicted) {
        String name() {
            return spec.getName();
        }

        /// Whether traffic can be taken. References that are broken stop a listener only if without
        /// them there is nothing to serve with.
        boolean programmed() {
            return accepted.truth() == GatewayPlan.Truth.TRUE
                    && conflicted.truth() == GatewayPlan.Truth.FALSE
                    && protocol.isPresent()
                    && (!protocol.get().encrypted() || !certificates.isEmpty());
        }

        boolean takes(RouteKind kind) {
            return accepted.truth() == GatewayPlan.Truth.TRUE
                    && conflicted.truth() == GatewayPlan.Truth.FALSE
                    && kinds.contains(kind.kind());
        }

        List<State> conditions() {
            var good = resolved.truth() == GatewayPlan.Truth.TRUE;
            return List.of(
                    accepted,
                    programmed() && good
                            ? State.yes("Programmed", "Programmed")
                            : State.no(
                                    "Programmed",
                                    "Invalid",
                                    "the listener is not served as it stands"),
                    resolved,
                    conflicted);
        }
    }

    List<Judged> of(Gateway gateway) {
        var byPort = new HashMap<Integer, Protocol>();
        var byHost = new HashMap<String, String>();
        List<Judged> judged = new ArrayList<>();
        for (var spec : gateway.getSpec().getListeners()) {
            var hostname =
                    Objects.requireNonNullElse(spec.getHostname(), "").toLowerCase(Locale.ROOT);
            var protocol = protocol(spec.getProtocol());
            var conflict = State.no("Conflicted", "NoConflicts", "");
            if (protocol.isPresent()) {
                var other = byPort.putIfAbsent(spec.getPort(), protocol.get());
                if (other != null && other != protocol.get()) {
                    conflict = State.yes("Conflicted", "ProtocolConflict");
                } else if (byHost.putIfAbsent(spec.getPort() + " " + hostname, spec.getName())
                        != null) {
                    conflict = State.yes("Conflicted", "HostnameConflict");
                }
            }
            judged.add(judge(gateway, spec, hostname, protocol, conflict));
        }
        return judged;
    }

    private static Optional<Protocol> protocol(String name) {
        return switch (name) {
            case "HTTP" -> Optional.of(Protocol.HTTP);
            case "HTTPS" -> Optional.of(Protocol.HTTPS);
            case "TLS" -> Optional.of(Protocol.PASSTHROUGH);
            default -> Optional.empty();
        };
    }

    /// The kinds of routes that a listener can serve.
    private static List<String> kinds(Protocol protocol) {
        return protocol == Protocol.PASSTHROUGH
                ? List.of(RouteKind.TLS.kind())
                : List.of(RouteKind.HTTP.kind(), RouteKind.GRPC.kind());
    }

    private Judged judge(
            Gateway gateway,
            io.fabric8.kubernetes.api.model.gatewayapi.v1.Listener spec,
            String hostname,
            Optional<Protocol> protocol,
            State conflict) {
        var accepted = accepted(gateway, spec, protocol);
        var resolved = State.yes("ResolvedRefs", "ResolvedRefs");
        List<String> kinds = new ArrayList<>();
        var asked =
                spec.getAllowedRoutes() == null || spec.getAllowedRoutes().getKinds() == null
                        ? List.<RouteGroupKind>of()
                        : spec.getAllowedRoutes().getKinds();
        var possible = protocol.map(GatewayListeners::kinds).orElse(List.of());
        if (asked.isEmpty()) {
            kinds.addAll(possible);
        }
        for (var kind : asked) {
            if (possible.contains(kind.getKind())
                    && GROUP.equals(Objects.requireNonNullElse(kind.getGroup(), GROUP))) {
                kinds.add(kind.getKind());
            } else {
                resolved =
                        State.no(
                                "ResolvedRefs",
                                "InvalidRouteKinds",
                                "routes of kind %s are not supported with protocol %s"
                                        .formatted(
                                                Readable.text(kind.getKind()),
                                                Readable.text(spec.getProtocol())));
            }
        }
        List<Certificate> certificates = new ArrayList<>();
        if (protocol.equals(Optional.of(Protocol.HTTPS))) {
            var problem = certificates(gateway, spec, hostname, certificates);
            resolved = problem.orElse(resolved);
        }
        return new Judged(
                spec,
                hostname,
                protocol,
                kinds.stream().distinct().toList(),
                certificates,
                accepted,
                resolved,
                conflict);
    }

    private static State accepted(
            Gateway gateway,
            io.fabric8.kubernetes.api.model.gatewayapi.v1.Listener spec,
            Optional<Protocol> protocol) {
        if (protocol.isEmpty()) {
            return State.no(
                    "Accepted",
                    "UnsupportedProtocol",
                    "protocol " + spec.getProtocol() + " is not HTTP, HTTPS or TLS");
        }
        if (protocol.get() == Protocol.PASSTHROUGH
                && (spec.getTls() == null || !"Passthrough".equals(spec.getTls().getMode()))) {
            return State.no(
                    "Accepted",
                    "UnsupportedValue",
                    "tls.mode: a listener of protocol TLS is served with mode Passthrough only");
        }
        var tls = gateway.getSpec().getTls();
        // Who asks for certificates of clients must not be served without them.
        return protocol.get().encrypted() && tls != null && tls.getFrontend() != null
                ? State.no(
                        "Accepted",
                        "UnsupportedValue",
                        "spec.tls.frontend: certificates of clients are not supported")
                : State.yes("Accepted", "Accepted");
    }

    /// Adds those that are good; tells of the last that is not.
    private Optional<State> certificates(
            Gateway gateway,
            io.fabric8.kubernetes.api.model.gatewayapi.v1.Listener spec,
            String hostname,
            List<Certificate> good) {
        var tls = spec.getTls();
        var references =
                tls == null || tls.getCertificateRefs() == null
                        ? List.<SecretObjectReference>of()
                        : tls.getCertificateRefs();
        var own = gateway.getMetadata().getNamespace();
        if (references.size() > Bounds.MOST_CERTIFICATES) {
            return invalid(
                    "tls.certificateRefs: %d, the limit is %d"
                            .formatted(references.size(), Bounds.MOST_CERTIFICATES));
        }
        var problem =
                references.isEmpty()
                        ? Optional.of(
                                State.no(
                                        "ResolvedRefs",
                                        "InvalidCertificateRef",
                                        "tls.certificateRefs is empty"))
                        : Optional.<State>empty();
        for (var reference : references) {
            var namespace = Objects.requireNonNullElse(reference.getNamespace(), own);
            var id = namespace + "/" + reference.getName();
            var isSecret =
                    Objects.requireNonNullElse(reference.getGroup(), "").isEmpty()
                            && Objects.requireNonNullElse(reference.getKind(), "Secret")
                                    .equals("Secret");
            if (!isSecret) {
                problem = invalid(id + " is no Secret");
            } else if (!grants.allow(
                    new Grants.From(GROUP, "Gateway", own),
                    new Grants.To("", "Secret", namespace, reference.getName()))) {
                problem =
                        Optional.of(
                                State.no(
                                        "ResolvedRefs",
                                        "RefNotPermitted",
                                        "no ReferenceGrant allows Secret " + id));
            } else {
                var certificate =
                        inventory
                                .certificate(namespace, reference.getName())
                                .map(pem ->
                                        new Certificate(
                                                id,
                                                pem,
                                                hostname.isEmpty()
                                                        ? List.of()
                                                        : List.of(hostname)));
                certificate.ifPresent(good::add);
                problem =
                        certificate.isPresent()
                                ? problem
                                : invalid(
                                        "there is no TLS Secret "
                                                + id
                                                + " with a readable certificate");
            }
        }
        return problem;
    }

    private static Optional<State> invalid(String message) {
        return Optional.of(State.no("ResolvedRefs", "InvalidCertificateRef", message));
    }
}
