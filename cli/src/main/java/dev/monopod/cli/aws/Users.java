package dev.monopod.cli.aws;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.eks.access.ClusterCreator;
import dev.monopod.eks.access.KubernetesAccessEntries;
import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.identity.SecretAccessKeys;
import dev.monopod.eks.identity.UserKey;
import dev.monopod.model.names.Defaults;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Users of the cluster's AWS side, as the cluster has them: a user is who has a key.
final class Users {
    private final SecretAccessKeys keys;
    private final ClusterCreator administrators;

    Users(KubernetesClient client) {
        keys = new SecretAccessKeys(client, Defaults.ACCOUNT_ID, new SecureRandom());
        administrators =
                new ClusterCreator(
                        new KubernetesAccessEntries(client),
                        InstantSource.system(),
                        UUID::randomUUID);
    }

    List<UserKey> keys() {
        return keys.list();
    }

    /// One of the user's keys, if there is one.
    Optional<AccessKey> keyOf(String user) {
        return keys.list().stream()
                .filter(key -> key.userName().equals(user))
                .findFirst()
                .flatMap(key -> keys.find(key.accessKeyId(), Optional.empty()));
    }

    /// @throws CliException if no user can be called so
    AccessKey create(String user) {
        try {
            return keys.create(user);
        } catch (IllegalArgumentException invalid) {
            throw new CliException(String.valueOf(invalid.getMessage()), "");
        }
    }

    /// Gives the user an access entry that administers the cluster, unless it has an entry.
    void makeAdministrator(Caller caller) {
        var unused = administrators.ensure(caller.arn());
    }

    boolean delete(String accessKeyId) {
        return keys.delete(accessKeyId);
    }
}
