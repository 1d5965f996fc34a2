package dev.monopod.eks.access;

import java.util.List;
import java.util.Optional;

/// The access entries of the cluster: at most one of a principal. Every method is one call, so what
/// it answers is the state at one moment; there are no locks, a change names what it changes.
public interface AccessEntries {
    /// An entry as it was read.
    ///
    /// @param version of this content
    record Stored(AccessEntry entry, String version) {}

    /// All of them, in no order.
    List<AccessEntry> list();

    /// The entry of the principal: as [Principal#key] compares, so its ARN may be written
    /// otherwise.
    Optional<Stored> find(Principal principal);

    /// Returns whether it was added: false if its principal has one already.
    boolean create(AccessEntry entry);

    /// Returns whether it was changed: false if the entry is not any more what was read.
    ///
    /// @param after of the same principal
    boolean replace(Stored before, AccessEntry after);

    /// Returns whether there was one.
    boolean delete(Principal principal);
}
