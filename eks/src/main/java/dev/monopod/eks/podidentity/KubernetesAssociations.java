package dev.monopod.eks.podidentity;

import dev.monopod.eks.store.ConfigMapStore;
import dev.monopod.eks.store.StoredKind;
import dev.monopod.model.names.Digest;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Optional;

/// Associations as ConfigMaps, named by the digest of the service account. Thread-safe.
public final class KubernetesAssociations implements Associations {
    /// On each ConfigMap that is an association; its value is `true`.
    public static final String LABEL = Names.OWN_PREFIX + "pod-identity-association";

    public static final String NAMESPACE = ConfigMapStore.NAMESPACE;
    private static final String PREFIX = "monopod-pod-identity-";
    private static final StoredKind<Association> KIND =
            new StoredKind<>(
                    LABEL,
                    "association.json",
                    it -> name(it.namespace(), it.serviceAccount()),
                    AssociationDocument::write,
                    AssociationDocument::read,
                    "no pod identity association: no pod has a role by it");

    private final ConfigMapStore<Association> store;

    public KubernetesAssociations(KubernetesClient client) {
        this.store = new ConfigMapStore<>(client, KIND);
    }

    /// Of the ConfigMap that holds the association of a service account.
    public static String name(String namespace, String serviceAccount) {
        return PREFIX + Digest.of(namespace + "/" + serviceAccount);
    }

    /// What a ConfigMap holds: nothing if it is no association.
    public static Optional<Association> read(ConfigMap found) {
        return KIND.read(found);
    }

    @Override
    public List<Stored> list() {
        return store.list().stream().map(KubernetesAssociations::stored).toList();
    }

    @Override
    public Optional<Stored> find(String namespace, String serviceAccount) {
        return store.find(name(namespace, serviceAccount)).map(KubernetesAssociations::stored);
    }

    private static Stored stored(ConfigMapStore.Stored<Association> found) {
        return new Stored(found.object(), found.version());
    }

    @Override
    public boolean create(Association association) {
        return store.create(association);
    }

    @Override
    public boolean replace(Stored before, Association after) {
        return store.replace(before.version(), after);
    }

    @Override
    public boolean delete(Association association) {
        return store.delete(name(association.namespace(), association.serviceAccount()));
    }
}
