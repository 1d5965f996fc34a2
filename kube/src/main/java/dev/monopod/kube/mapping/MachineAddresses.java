package dev.monopod.kube.mapping;

import dev.monopod.kube.api.Machine;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// Whose pod has the machine at each address.
public final class MachineAddresses {
    private MachineAddresses() {}

    /// Namespaces by address.
    public static Map<String, String> namespaces(Collection<Machine> machines) {
        var namespaces = new HashMap<String, String>();
        for (var machine : machines) {
            var spec = machine.getSpec();
            namespaces.put(spec.network().address(), spec.pod().namespace());
        }
        return namespaces;
    }
}
