package dev.monopod.cli.installation;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.network.Cidr;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The text of `up.json`, which versions before this one have written too. An empty text stands for
/// none.
///
/// @param kubeconfig of a cluster that is not this host's own
/// @param joinedDns address of that cluster's DNS
/// @param place among other hosts; null as written by a version that knew of one host only
/// @param standing null as written by a version that told a member by its kubeconfig's name
/// @param role of a guest; null if it is none, and as written by a version whose guests all ran a
///   controller
@JsonIgnoreProperties(ignoreUnknown = true)
record InstallationFile(
        String vpc,
        String vpcCidr,
        String serviceCidr,
        String region,
        String hostName,
        int cpuOvercommit,
        int storageOvercommit,
        String kubeconfig,
        String joinedDns,
        @Nullable Place place,
        @Nullable Kind standing,
        Standing.@Nullable Role role) {
    record Place(String underlayAddress, String givenAddress) {}

    enum Kind {
        ALONE,
        FIRST,
        MEMBER,
        GUEST
    }

    static InstallationFile of(Installation it, Layout layout) {
        var standing = it.standing();
        var own = standing.runsControlPlane();
        return new InstallationFile(
                it.network().vpc(),
                it.network().range().toString(),
                it.network().services().toString(),
                it.network().region(),
                it.hostName(),
                it.overcommit().cpu(),
                it.overcommit().storage(),
                standing instanceof Standing.Guest guest
                        ? guest.kubeconfig().toString()
                        : standing.externalKubeconfig(layout).map(Path::toString).orElse(""),
                own ? "" : it.dnsAddress(),
                new Place(
                        standing.underlayAddress().orElse(""), standing.givenAddress().orElse("")),
                switch (standing) {
                    case Standing.Alone _ -> Kind.ALONE;
                    case Standing.First _ -> Kind.FIRST;
                    case Standing.Member _ -> Kind.MEMBER;
                    case Standing.Guest _ -> Kind.GUEST;
                },
                standing instanceof Standing.Guest guest ? guest.role() : null);
    }

    Installation installation() {
        return new Installation(
                hostName,
                new Addressing(vpc, Cidr.parse(vpcCidr), Cidr.parse(serviceCidr), region),
                new Overcommit(known(cpuOvercommit), known(storageOvercommit)),
                readStanding());
    }

    /// 0: written by a version that did not know the option.
    private static int known(int overcommit) {
        return overcommit == 0 ? Defaults.OVERCOMMIT : overcommit;
    }

    private Standing readStanding() {
        var underlay = text(place == null ? "" : place.underlayAddress());
        var address = text(place == null ? "" : place.givenAddress());
        return switch (kind()) {
            case ALONE, FIRST -> Standing.own(underlay);
            case MEMBER -> new Standing.Member(joinedDns, underlay.orElse(""), address.orElse(""));
            case GUEST ->
                    new Standing.Guest(
                            Path.of(kubeconfig),
                            joinedDns,
                            underlay,
                            address,
                            Objects.requireNonNullElse(role, Standing.Role.CONTROLLER_AND_AGENT));
        };
    }

    private Kind kind() {
        if (standing != null) {
            return standing;
        }
        if (kubeconfig.isEmpty()) {
            return Kind.ALONE;
        }
        return kubeconfig.endsWith("/" + Layout.MEMBER_KUBECONFIG) ? Kind.MEMBER : Kind.GUEST;
    }

    private static Optional<String> text(String value) {
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }
}
