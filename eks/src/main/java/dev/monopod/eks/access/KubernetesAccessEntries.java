package dev.monopod.eks.access;

import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
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

/// Access entries as ConfigMaps of `kube-system`, one each, named by the digest of the principal,
/// so that the API server itself lets nobody have two. One that is no entry, or one of another
/// principal than its name says, counts for nothing, and the log names it. Thread-safe.
public final class KubernetesAccessEntries implements AccessEntries {
    /// On each ConfigMap that is an entry; its value is `true`.
    public static final String LABEL = Names.OWN_PREFIX + "access-entry";

    static final String NAMESPACE = "kube-system";
    static final String PREFIX = "monopod-access-entry-";
    private static final String KEY = "entry.json";
    private static final Logger LOG = LoggerFactory.getLogger(KubernetesAccessEntries.class);

    private final KubernetesClient client;

    public KubernetesAccessEntries(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public List<AccessEntry> list() {
        return client
                .configMaps()
                .inNamespace(NAMESPACE)
                .withLabel(LABEL, "true")
                .list()
                .getItems()
                .stream()
                .flatMap(KubernetesAccessEntries::entry)
                .toList();
    }

    @Override
    public Optional<Stored> find(Principal principal) {
        return Optional.ofNullable(
                        client.configMaps().inNamespace(NAMESPACE).withName(name(principal)).get())
                .flatMap(found ->
                        entry(found)
                                .findFirst()
                                .map(entry ->
                                        new Stored(
                                                entry, found.getMetadata().getResourceVersion())));
    }

    @Override
    public boolean create(AccessEntry entry) {
        return ApiCall.unless(ApiCode.CONFLICT, () -> client.resource(configMap(entry)).create())
                .isPresent();
    }

    @Override
    public boolean replace(Stored before, AccessEntry after) {
        if (!before.entry().principal().key().equals(after.principal().key())) {
            throw new IllegalArgumentException(
                    "%s is not %s"
                            .formatted(after.principal().arn(), before.entry().principal().arn()));
        }
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
    public boolean delete(Principal principal) {
        return !client.configMaps()
                .inNamespace(NAMESPACE)
                .withName(name(principal))
                .delete()
                .isEmpty();
    }

    /// None or one.
    static Stream<AccessEntry> entry(ConfigMap found) {
        var meta = found.getMetadata();
        var labels = Objects.requireNonNullElse(meta.getLabels(), Map.<String, String>of());
        var data = Objects.requireNonNullElse(found.getData(), Map.<String, String>of());
        var entry =
                EntryDocument.read(data.getOrDefault(KEY, ""))
                        .filter(read -> meta.getName().equals(name(read.principal())))
                        .filter(_ -> "true".equals(labels.get(LABEL)));
        if (entry.isEmpty()) {
            LOG.warn(
                    "ConfigMap {}/{} is no access entry: nobody has anything by it",
                    NAMESPACE,
                    meta.getName());
        }
        return entry.stream();
    }

    private static ConfigMap configMap(AccessEntry entry) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name(entry.principal()))
                .withNamespace(NAMESPACE)
                .withLabels(Names.LABELS)
                .addToLabels(LABEL, "true")
                .endMetadata()
                .addToData(KEY, EntryDocument.write(entry))
                .build();
    }

    private static String name(Principal principal) {
        return PREFIX + principal.digest();
    }
}
