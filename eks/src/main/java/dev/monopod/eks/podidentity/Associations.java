package dev.monopod.eks.podidentity;

import java.util.List;
import java.util.Optional;

/// The pod identity associations of the cluster: at most one of a service account. Every method is
/// one call, so what it answers is the state at one moment; a change names what it changes.
public interface Associations {
    /// An association as it was read.
    ///
    /// @param version of this content
    record Stored(Association association, String version) {}

    /// All of them, in no order.
    List<Stored> list();

    /// That of a service account.
    Optional<Stored> find(String namespace, String serviceAccount);

    /// Returns whether it was added: false if its service account has one already.
    boolean create(Association association);

    /// Returns whether it was changed: false if it is not any more what was read.
    ///
    /// @param after of the same service account
    boolean replace(Stored before, Association after);

    /// Returns whether it was there.
    boolean delete(Association association);
}
