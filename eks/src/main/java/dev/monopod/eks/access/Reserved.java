package dev.monopod.eks.access;

import java.util.List;
import java.util.Optional;

/// Beginnings of names that are not free.
final class Reserved {
    /// Begins the group that an access entry alone gives, and that its policies are bound to; the
    /// digest of its principal follows.
    static final String ENTRY_GROUP = "eks-access-entry:";

    /// Monopod's own users and groups, such as `monopod:controller`: what `eks:` is to EKS.
    private static final String OWN = "monopod:";

    private static final String SYSTEM = "system:";
    private static final List<String> OF_ENTRIES =
            List.of(SYSTEM, "eks:", "aws:", "amazon:", "iam:", OWN, ENTRY_GROUP);

    private Reserved() {}

    /// With what a username or group begins that an access entry must not give.
    static Optional<String> ofEntries(String name) {
        return OF_ENTRIES.stream().filter(name::startsWith).findFirst();
    }

    /// Whether RBAC or Monopod gives rights to names like this one.
    static boolean isOfSystem(String name) {
        return name.startsWith(SYSTEM) || name.startsWith(OWN) || name.startsWith(ENTRY_GROUP);
    }

    /// @param principal of the entry
    static String entryGroup(Principal principal) {
        return ENTRY_GROUP + principal.digest();
    }
}
