package dev.monopod.eks.access;

import java.util.Optional;

/// The private DNS names of EC2's instances.
@FunctionalInterface
public interface InstanceNames {
    /// Where there are no instances: nobody is mapped by such a name.
    InstanceNames NONE = _ -> Optional.empty();

    /// @param instance such as `i-0123456789abcdef0`
    Optional<String> privateDnsName(String instance);
}
