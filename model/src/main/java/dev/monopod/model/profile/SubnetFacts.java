package dev.monopod.model.profile;

/// What of a subnet decides whether a profile may use it.
public record SubnetFacts(String name, String vpc, Place place, Reach reach) {
    /// Where a subnet stands.
    public enum Place {
        AVAILABILITY_ZONE,
        LOCAL_ZONE,
        WAVELENGTH_ZONE,
        OUTPOST
    }

    /// Whether the Internet reaches it directly.
    public enum Reach {
        /// No route to an Internet gateway.
        PRIVATE,
        /// A direct route to an Internet gateway.
        PUBLIC
    }
}
