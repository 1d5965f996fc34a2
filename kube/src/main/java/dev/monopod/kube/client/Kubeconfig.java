package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.AuthInfo;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who a process is in a cluster. Reads kubeconfigs with what the client's own reader leaves out:
/// as whom the user acts (`as`, `as-groups`), and a token that is read anew at each request
/// (`tokenFile`), since it is renewed.
public final class Kubeconfig {
    private Kubeconfig() {}

    /// The configuration of the file's current context.
    ///
    /// @throws UncheckedIOException if the file cannot be read
    public static Config read(Path file) {
        var user = user(file).orElse(new AuthInfo());
        var config = Config.fromKubeconfig(file.toFile());
        var changed = new ConfigBuilder(config);
        @Nullable String as = user.getAs();
        if (as != null && !as.isEmpty()) {
            changed.withImpersonateUsername(as)
                    .withImpersonateGroups(user.getAsGroups().toArray(String[]::new));
        }
        @Nullable String token = user.getTokenFile();
        if (token != null && !token.isEmpty()) {
            var path = file.toAbsolutePath().resolveSibling(token);
            changed.withOauthTokenProvider(() -> token(path));
        }
        return changed.build();
    }

    /// The configuration of a pod, by its service account.
    ///
    /// @param environment where the API server is, as kubelets tell
    /// @param account folder of the mounted token and authority
    /// @param as the user as whom it acts; empty: as itself
    /// @throws IllegalStateException outside of a pod
    public static Config inCluster(
            Map<String, String> environment, Path account, Optional<String> as) {
        @Nullable String host = environment.get("KUBERNETES_SERVICE_HOST");
        @Nullable String port = environment.get("KUBERNETES_SERVICE_PORT");
        if (host == null || port == null) {
            throw new IllegalStateException(
                    "KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT is missing: this is no pod");
        }
        var token = account.resolve("token");
        var config =
                new ConfigBuilder(Config.empty())
                        .withMasterUrl(
                                "https://%s:%s"
                                        .formatted(
                                                host.contains(":") ? "[" + host + "]" : host, port))
                        .withCaCertFile(account.resolve("ca.crt").toString())
                        .withOauthTokenProvider(() -> token(token));
        as.ifPresent(config::withImpersonateUsername);
        return config.build();
    }

    private static Optional<AuthInfo> user(Path file) {
        var all = Serialization.unmarshal(text(file), io.fabric8.kubernetes.api.model.Config.class);
        return all.getContexts().stream()
                .filter(context -> context.getName().equals(all.getCurrentContext()))
                .findFirst()
                .flatMap(context ->
                        all.getUsers().stream()
                                .filter(user ->
                                        user.getName().equals(context.getContext().getUser()))
                                .findFirst())
                .map(user -> user.getUser());
    }

    private static String token(Path path) {
        return text(path).strip();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
