package dev.monopod.controller.scheduling;

import dev.monopod.model.network.Cidr;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.size.Size;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What the cluster looks like at the moment of a decision.
///
/// @param profiles by name; those that take pods
/// @param subnets by name
/// @param taken addresses of machines, and those that rest after use
record Snapshot(
        Map<String, Profile> profiles,
        Map<String, SubnetRoom> subnets,
        List<HostRoom> hosts,
        Set<Long> taken) {

    /// A subnet.
    ///
    /// @param machines how many it carries
    record SubnetRoom(
            String name, String vpc, String region, String zone, Cidr cidr, int machines) {}

    /// A host.
    ///
    /// @param zone empty: it serves every zone
    /// @param state why it takes no machine, or empty
    record HostRoom(
            String name,
            String zone,
            String state,
            long freeMilliCpu,
            long freeMemoryMebiBytes,
            long freeStorageMebiBytes) {
        boolean serves(String subnetZone) {
            return zone.isEmpty() || zone.equals(subnetZone);
        }

        /// Whether it was given more than it has.
        boolean isOver() {
            return freeMilliCpu < 0 || freeMemoryMebiBytes < 0 || freeStorageMebiBytes < 0;
        }

        boolean holds(Size size) {
            return freeMilliCpu >= size.cpu().value()
                    && freeMemoryMebiBytes >= size.memory().value()
                    && freeStorageMebiBytes >= size.storage().value();
        }
    }
}
