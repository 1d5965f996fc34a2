package dev.monopod.eks.access;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Who an AWS identity is in Kubernetes.
public sealed interface Mapping {
    /// A user.
    ///
    /// @param extra what the API server hands on to authorizers and writes into its audit log
    record Mapped(String username, String uid, List<String> groups, Map<String, List<String>> extra)
            implements Mapping {
        public Mapped {
            groups = List.copyOf(groups);
            extra = Map.copyOf(new TreeMap<>(extra));
        }
    }

    /// Nobody.
    ///
    /// @param reason for the administrator: names the identity, no secret of it
    record Unmapped(String reason) implements Mapping {}
}
