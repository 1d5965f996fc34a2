package dev.monopod.controller.loadbalancing;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.List;
import java.util.Map;

/// Writes `status.loadBalancer.ingress`, which Services and Ingresses have alike.
final class StatusAddresses {
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);

    private StatusAddresses() {}

    /// @param known what the object shows now; nothing is written if that is what is wanted
    static void write(KubernetesClient client, HasMetadata object, List<?> known, List<?> wanted) {
        if (!wanted.equals(known)) {
            client.resource(object)
                    .subresource("status")
                    .patch(
                            MERGE,
                            client.getKubernetesSerialization()
                                    .asJson(
                                            Map.of(
                                                    "status",
                                                    Map.of(
                                                            "loadBalancer",
                                                            Map.of("ingress", wanted)))));
        }
    }
}
