package dev.monopod.controller.loadbalancing;

import dev.monopod.kube.client.Patches;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;

/// Writes `status.loadBalancer.ingress`, which Services and Ingresses have alike.
final class StatusAddresses {
    private StatusAddresses() {}

    /// @param known what the object shows now; nothing is written if that is what is wanted
    static void write(KubernetesClient client, HasMetadata object, List<?> known, List<?> wanted) {
        if (!wanted.equals(known)) {
            new Patches(client)
                    .mergeStatus(
                            object,
                            Map.of("status", Map.of("loadBalancer", Map.of("ingress", wanted))));
        }
    }
}
