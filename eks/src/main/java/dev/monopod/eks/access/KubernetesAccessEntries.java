package dev.monopod.eks.access;

import dev.monopod.eks.store.ConfigMapStore;
import dev.monopod.eks.store.StoredKind;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Access entries as ConfigMaps, named by the digest of the principal. Thread-safe.
public final class KubernetesAccessEntries implements AccessEntries {
    /// On each ConfigMap that is an entry; its value is `true`.
    public static final String LABEL = Names.OWN_PREFIX + "access-entry";

    static final String NAMESPACE = ConfigMapStore.NAMESPACE;
    static final String PREFIX = "monopod-access-entry-";
    private static final StoredKind<AccessEntry> KIND =
            new StoredKind<>(
                    LABEL,
                    "entry.json",
                    it -> name(it.principal()),
                    EntryDocument::write,
                    EntryDocument::read,
                    "no access entry: nobody has anything by it");

    private final ConfigMapStore<AccessEntry> store;

    public KubernetesAccessEntries(KubernetesClient client) {
        this.store = new ConfigMapStore<>(client, KIND);
    }

    @Override
    public List<AccessEntry> list() {
        return store.list().stream().map(ConfigMapStore.Stored::object).toList();
    }

    @Override
    public Optional<Stored> find(Principal principal) {
        return store.find(name(principal)).map(it -> new Stored(it.object(), it.version()));
    }

    @Override
    public boolean create(AccessEntry entry) {
        return store.create(entry);
    }

    @Override
    public boolean replace(Stored before, AccessEntry after) {
        if (!before.entry().principal().key().equals(after.principal().key())) {
            throw new IllegalArgumentException(
                    "%s is not %s"
                            .formatted(after.principal().arn(), before.entry().principal().arn()));
        }
        return store.replace(before.version(), after);
    }

    @Override
    public boolean delete(Principal principal) {
        return store.delete(name(principal));
    }

    /// None or one.
    static Stream<AccessEntry> entry(ConfigMap found) {
        return KIND.read(found).stream();
    }

    private static String name(Principal principal) {
        return PREFIX + principal.digest();
    }
}
