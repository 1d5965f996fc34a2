package dev.monopod.cli.installation;

import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.FixedAddresses;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Where this host stands: by itself, or among the hosts of a cluster, and whose that is.
public sealed interface Standing {
    /// Runs a control plane of its own, and no other host can reach it.
    record Alone() implements Standing {}

    /// Runs a control plane of its own, and others can join it.
    ///
    /// @param underlay address by which they reach it
    record First(String underlay) implements Standing {}

    /// Has joined, by a token, the cluster of a [First] host, which runs the controller.
    ///
    /// @param dns address of the cluster's DNS
    /// @param underlay address by which other hosts reach it
    /// @param address in the VPC
    record Member(String dns, String underlay, String address) implements Standing {}

    /// A host of a cluster that is not Monopod's.
    ///
    /// @param kubeconfig an administrator's, as `up` was told; needed again by `down` alone, and
    ///   read by no process
    /// @param dns address of the cluster's DNS
    /// @param underlay address by which other hosts reach it; empty if there is none
    /// @param address in the VPC; empty on the first of Monopod's hosts
    record Guest(
            Path kubeconfig,
            String dns,
            Optional<String> underlay,
            Optional<String> address,
            Role role)
            implements Standing {}

    /// What a host of a cluster that is not Monopod's runs. Whoever is root where a controller runs
    /// has the controller's rights, so that it is the operator's choice.
    enum Role {
        CONTROLLER_AND_AGENT,
        AGENT_ONLY
    }

    /// A host with a control plane of its own.
    ///
    /// @param underlay address by which others reach it; empty if there is none
    static Standing own(Optional<String> underlay) {
        return underlay.<Standing>map(First::new).orElseGet(Alone::new);
    }

    default boolean runsControlPlane() {
        return switch (this) {
            case Alone _, First _ -> true;
            case Member _, Guest _ -> false;
        };
    }

    /// Whether a controller runs here.
    default boolean runsController() {
        return switch (this) {
            case Alone _, First _ -> true;
            case Member _ -> false;
            case Guest guest -> guest.role() == Role.CONTROLLER_AND_AGENT;
        };
    }

    /// Whether commands on this host may make profiles and pods.
    default boolean administers() {
        return runsControlPlane() || administrator().isPresent();
    }

    default Optional<String> underlayAddress() {
        return switch (this) {
            case Alone _ -> Optional.empty();
            case First first -> Optional.of(first.underlay());
            case Member member -> Optional.of(member.underlay());
            case Guest guest -> guest.underlay();
        };
    }

    /// The address in the VPC that this host was given; empty if it is that of the first.
    default Optional<String> givenAddress() {
        return switch (this) {
            case Alone _, First _ -> Optional.empty();
            case Member member -> Optional.of(member.address());
            case Guest guest -> guest.address();
        };
    }

    /// Address of the cluster's DNS.
    ///
    /// @param services their range in a cluster of our own
    default String dnsAddress(Cidr services) {
        return switch (this) {
            case Alone _, First _ -> FixedAddresses.dns(services);
            case Member member -> member.dns();
            case Guest guest -> guest.dns();
        };
    }

    /// The agent's credentials for the cluster that is not this host's own; empty if it is.
    default Optional<Path> externalKubeconfig(Layout layout) {
        return switch (this) {
            case Alone _, First _ -> Optional.empty();
            case Member _ -> Optional.of(layout.memberKubeconfig());
            case Guest _ -> Optional.of(layout.guestKubeconfig("agent"));
        };
    }

    /// An administrator's kubeconfig of a cluster that is not Monopod's, as long as its file is
    /// there.
    default Optional<Path> administrator() {
        return this instanceof Guest guest
                ? Optional.of(guest.kubeconfig()).filter(Files::isReadable)
                : Optional.empty();
    }

    /// What commands on this host speak to the cluster with.
    default Path kubeconfig(Layout layout) {
        return administrator()
                .or(() -> externalKubeconfig(layout))
                .orElse(layout.adminKubeconfig());
    }
}
