package dev.monopod.controller.eks;

import dev.monopod.eks.access.AccessEntries;
import dev.monopod.eks.access.AwsAuth;
import dev.monopod.eks.access.IdentityMapping;
import dev.monopod.eks.access.InstanceNames;
import dev.monopod.eks.access.Mapping;
import dev.monopod.eks.identity.Caller;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who callers are in Kubernetes, by what the cluster says at that moment: an entry that is deleted
/// maps nobody any more.
final class KnownIdentities implements Function<Caller, Mapping> {
    private static final Logger LOG = LoggerFactory.getLogger(KnownIdentities.class);

    private final KubernetesClient client;
    private final AccessEntries entries;
    private final String account;

    KnownIdentities(KubernetesClient client, AccessEntries entries, String account) {
        this.client = client;
        this.entries = entries;
        this.account = account;
    }

    @Override
    public Mapping apply(Caller caller) {
        return new IdentityMapping(account, entries.list(), awsAuth(), InstanceNames.NONE)
                .map(caller);
    }

    private AwsAuth awsAuth() {
        @Nullable ConfigMap map =
                client.configMaps().inNamespace("kube-system").withName("aws-auth").get();
        if (map == null) {
            return AwsAuth.NONE;
        }
        var auth =
                AwsAuth.parse(Objects.requireNonNullElse(map.getData(), Map.<String, String>of()));
        auth.problems().forEach(problem -> LOG.warn("ConfigMap kube-system/aws-auth: {}", problem));
        return auth;
    }
}
