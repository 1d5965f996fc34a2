package dev.monopod.host.image;

import dev.monopod.host.image.ImageStore.PullIdentity;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// By whose rights an image came to this host, so that a pod without them does not get a private
/// image just because it is here. As the kubelet does (KEP-2535). What the host itself may pull, by
/// its own settings, and what anyone may, is open to every pod.
final class PullHolder {
    private PullHolder() {}

    /// Who holds an image that was pulled with this credential; nobody: it is open.
    static Set<String> of(
            Optional<RegistryCredential> used,
            PullIdentity identity,
            List<RegistryCredential> fromPlugins) {
        if (used.isEmpty()) {
            return Set.of();
        }
        if (fromPlugins.contains(used.get())) {
            return identity.executionRole().isEmpty() ? Set.of() : Set.of(role(identity));
        }
        return identity.secrets().contains(used.get()) ? Set.of(secret(used.get())) : Set.of();
    }

    /// Everything that this identity may hold an image as.
    static Set<String> all(PullIdentity identity, ImageReference image) {
        var all = new HashSet<String>();
        for (var credential : RegistrySource.matching(identity.secrets(), image)) {
            all.add(secret(credential));
        }
        if (!identity.executionRole().isEmpty()) {
            all.add(role(identity));
        }
        return all;
    }

    private static String secret(RegistryCredential credential) {
        return "secret "
                + ImageManifest.digest(
                        String.join(
                                "\n",
                                credential.registry(),
                                credential.username(),
                                credential.password()));
    }

    private static String role(PullIdentity identity) {
        return "role " + identity.executionRole();
    }
}
