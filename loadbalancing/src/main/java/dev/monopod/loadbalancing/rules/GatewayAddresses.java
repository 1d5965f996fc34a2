package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewaySpecAddress;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// What becomes of the addresses that a Gateway asks for. Each has one, which is given to it: it
/// may ask for an IP address, not for which.
record GatewayAddresses(List<GatewaySpecAddress> asked) {
    private static final String IP = "IPAddress";

    GatewayAddresses(Gateway gateway) {
        this(
                Objects.requireNonNullElse(
                        gateway.getSpec().getAddresses(), List.<GatewaySpecAddress>of()));
    }

    /// Why the Gateway is not accepted; empty if it is.
    Optional<State> refusal() {
        return asked.stream()
                .map(address -> Objects.requireNonNullElse(address.getType(), IP))
                .filter(type -> !type.equals(IP))
                .map(type ->
                        State.no(
                                "Accepted",
                                "UnsupportedAddress",
                                "addresses of type " + type + " are not supported"))
                .findFirst();
    }

    /// Why it is not programmed; empty if it is.
    ///
    /// @param given empty while it has none
    Optional<State> problem(String given) {
        if (given.isEmpty()) {
            return Optional.of(
                    State.no("Programmed", "AddressNotAssigned", "it has no address yet"));
        }
        return asked.stream()
                .map(address -> Objects.requireNonNullElse(address.getValue(), ""))
                .filter(value -> !value.isEmpty() && !value.equals(given))
                .map(value ->
                        State.no(
                                "Programmed",
                                "AddressNotUsable",
                                "address %s cannot be chosen; the load balancer is served at %s"
                                        .formatted(value, given)))
                .findFirst();
    }
}
