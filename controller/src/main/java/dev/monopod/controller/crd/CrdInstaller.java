package dev.monopod.controller.crd;

import dev.monopod.kube.client.Patches;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the cluster's definitions of `monopod.dev/v1` to this version's. Blocks; any thread.
public final class CrdInstaller {
    private static final Logger LOG = LoggerFactory.getLogger(CrdInstaller.class);
    private static final String FIELD_MANAGER = "monopod-controller";

    private final KubernetesClient client;

    public CrdInstaller(KubernetesClient client) {
        this.client = client;
    }

    /// Applies every definition and returns when the API server serves them all.
    ///
    /// @throws io.fabric8.kubernetes.client.KubernetesClientException if the API server refuses one
    /// @throws io.fabric8.kubernetes.client.KubernetesClientTimeoutException if one is not served
    public void install(Duration limit) {
        var definitions = Crds.all();
        var patches = new Patches(client);
        for (var definition : definitions) {
            if (!isForeign(definition)) {
                patches.apply(definition, FIELD_MANAGER);
            }
        }
        for (var definition : definitions) {
            client.resource(definition)
                    .waitUntilCondition(
                            CrdInstaller::isEstablished, limit.toMillis(), TimeUnit.MILLISECONDS);
        }
        LOG.info("{} definitions are served", definitions.size());
    }

    /// EKS has its SecurityGroupPolicy; where it is, it stays as it is.
    private boolean isForeign(CustomResourceDefinition definition) {
        @Nullable CustomResourceDefinition found =
                definition.getSpec().getGroup().equals(Names.GROUP)
                        ? null
                        : client.resource(definition).get();
        return found != null
                && (found.getMetadata().getLabels() == null
                        || !found.getMetadata()
                                .getLabels()
                                .entrySet()
                                .containsAll(Names.LABELS.entrySet()));
    }

    private static boolean isEstablished(@Nullable CustomResourceDefinition definition) {
        return definition != null
                && definition.getStatus() != null
                && definition.getStatus().getConditions() != null
                && definition.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                "Established".equals(condition.getType())
                                        && "True".equals(condition.getStatus()));
    }
}
