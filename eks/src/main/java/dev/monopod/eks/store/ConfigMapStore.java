package dev.monopod.eks.store;

import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Optional;

/// Objects of one kind as ConfigMaps of `kube-system`, one each. They are named by what there is
/// one of at most, so that the API server itself lets nobody have two. Every method is one call.
/// Thread-safe.
public final class ConfigMapStore<T> {
    public static final String NAMESPACE = "kube-system";

    private final KubernetesClient client;
    private final StoredKind<T> kind;

    public ConfigMapStore(KubernetesClient client, StoredKind<T> kind) {
        this.client = client;
        this.kind = kind;
    }

    /// An object as it was read.
    ///
    /// @param version of this content
    public record Stored<T>(T object, String version) {}

    /// All of them, in no order.
    public List<Stored<T>> list() {
        return client
                .configMaps()
                .inNamespace(NAMESPACE)
                .withLabel(kind.label(), "true")
                .list()
                .getItems()
                .stream()
                .flatMap(found -> stored(found).stream())
                .toList();
    }

    /// @param name of its ConfigMap
    public Optional<Stored<T>> find(String name) {
        return Optional.ofNullable(client.configMaps().inNamespace(NAMESPACE).withName(name).get())
                .flatMap(this::stored);
    }

    private Optional<Stored<T>> stored(ConfigMap found) {
        return kind.read(found)
                .map(object -> new Stored<>(object, found.getMetadata().getResourceVersion()));
    }

    /// Returns whether it was added: false if there is one of that name.
    public boolean create(T object) {
        return ApiCall.unless(ApiCode.CONFLICT, () -> client.resource(kind.write(object)).create())
                .isPresent();
    }

    /// Returns whether it was changed: false if it is not any more what was read.
    ///
    /// @param version of what was read
    /// @param after of the same name
    public boolean replace(String version, T after) {
        var changed =
                new ConfigMapBuilder(kind.write(after))
                        .editMetadata()
                        .withResourceVersion(version)
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

    /// Returns whether there was one.
    ///
    /// @param name of its ConfigMap
    public boolean delete(String name) {
        return !client.configMaps().inNamespace(NAMESPACE).withName(name).delete().isEmpty();
    }
}
