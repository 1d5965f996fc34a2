package dev.monopod.eks.podidentity;

import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.model.names.Digest;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Associations as ConfigMaps of `kube-system`, one each, named by the digest of the service
/// account, so that the API server itself lets none have two. One that is no association, or one of
/// another account than its name says, counts for nothing, and the log names it. Thread-safe.
public final class KubernetesAssociations implements Associations {
    /// On each ConfigMap that is an association; its value is `true`.
    public static final String LABEL = Names.OWN_PREFIX + "pod-identity-association";

    public static final String NAMESPACE = "kube-system";
    private static final String PREFIX = "monopod-pod-identity-";
    private static final String KEY = "association.json";
    private static final Logger LOG = LoggerFactory.getLogger(KubernetesAssociations.class);

    private final KubernetesClient client;

    public KubernetesAssociations(KubernetesClient client) {
        this.client = client;
    }

    /// Of the ConfigMap that holds the association of a service account.
    public static String name(String namespace, String serviceAccount) {
        return PREFIX + Digest.of(namespace + "/" + serviceAccount);
    }

    /// What a ConfigMap holds: nothing if it is no association.
    public static Optional<Association> read(ConfigMap found) {
        var meta = found.getMetadata();
        var labels = Objects.requireNonNullElse(meta.getLabels(), Map.<String, String>of());
        var data = Objects.requireNonNullElse(found.getData(), Map.<String, String>of());
        var association =
                AssociationDocument.read(data.getOrDefault(KEY, ""))
                        .filter(read ->
                                meta.getName()
                                        .equals(name(read.namespace(), read.serviceAccount())))
                        .filter(_ -> "true".equals(labels.get(LABEL)));
        if (association.isEmpty()) {
            LOG.warn(
                    "ConfigMap {}/{} is no pod identity association: no pod has a role by it",
                    NAMESPACE,
                    meta.getName());
        }
        return association;
    }

    @Override
    public List<Stored> list() {
        return client
                .configMaps()
                .inNamespace(NAMESPACE)
                .withLabel(LABEL, "true")
                .list()
                .getItems()
                .stream()
                .flatMap(KubernetesAssociations::stored)
                .toList();
    }

    @Override
    public Optional<Stored> find(String namespace, String serviceAccount) {
        return Optional.ofNullable(
                        client.configMaps()
                                .inNamespace(NAMESPACE)
                                .withName(name(namespace, serviceAccount))
                                .get())
                .flatMap(found -> stored(found).findFirst());
    }

    private static Stream<Stored> stored(ConfigMap found) {
        return read(found).stream()
                .map(read -> new Stored(read, found.getMetadata().getResourceVersion()));
    }

    @Override
    public boolean create(Association association) {
        return ApiCall.unless(
                        ApiCode.CONFLICT, () -> client.resource(configMap(association)).create())
                .isPresent();
    }

    @Override
    public boolean replace(Stored before, Association after) {
        var changed =
                new ConfigMapBuilder(configMap(after))
                        .editMetadata()
                        .withResourceVersion(before.version())
                        .endMetadata()
                        .build();
        try {
            var unused = client.resource(changed).update();
            return true;
        } catch (KubernetesClientException e) {
            if (ApiCode.CONFLICT.in(e) || ApiCode.NOT_FOUND.in(e)) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public boolean delete(Association association) {
        return !client.configMaps()
                .inNamespace(NAMESPACE)
                .withName(name(association.namespace(), association.serviceAccount()))
                .delete()
                .isEmpty();
    }

    private static ConfigMap configMap(Association association) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name(association.namespace(), association.serviceAccount()))
                .withNamespace(NAMESPACE)
                .withLabels(Names.LABELS)
                .addToLabels(LABEL, "true")
                .endMetadata()
                .addToData(KEY, AssociationDocument.write(association))
                .build();
    }
}
