package dev.monopod.host.image;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.host.image.CredentialPluginSettings.Plugin;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramRunner;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Asks this host's credential provider plugins for the user and password of an image's registry. A
/// plugin is told the pod execution role of the pod's profile in its environment, as
/// `AWS_ROLE_ARN`, unless the settings give that variable a value. Answers are kept as long as the
/// plugin says, per role. Source: KEP-2133, and `credentialprovider.kubelet.k8s.io/v1`.
final class CredentialPlugins {
    static final String ROLE_VARIABLE = "AWS_ROLE_ARN";
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int LONGEST_WORDS = 500;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final CredentialPluginSettings settings;
    private final Clock clock;
    private final ProgramRunner programs = new HostPrograms();
    private final ReentrantLock asking = new ReentrantLock();
    private final Map<Key, Kept> answers = new HashMap<>();

    CredentialPlugins(CredentialPluginSettings settings, Clock clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /// @param troubles what went wrong, for the message if the pull fails
    record Found(List<RegistryCredential> credentials, List<String> troubles) {}

    /// @param scope what the answer holds for: an image, a registry, or empty for all
    private record Key(String plugin, String role, String scope) {}

    private record Kept(List<RegistryCredential> credentials, Instant until) {}

    private record Request(String apiVersion, String kind, String image) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Response(
            @Nullable String kind,
            @Nullable String apiVersion,
            @Nullable String cacheKeyType,
            @Nullable String cacheDuration,
            @Nullable Map<String, Login> auth) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Login(@Nullable String username, @Nullable String password) {}

    /// Credentials of every plugin that the image concerns.
    Found credentials(ImageReference image, Supplier<String> executionRole) {
        var credentials = new ArrayList<RegistryCredential>();
        var troubles = new ArrayList<String>();
        for (var plugin : settings.plugins()) {
            if (plugin.matchImages().stream().anyMatch(pattern -> pattern.matches(image))) {
                var role = executionRole.get();
                // One process at a time: pods that start together need the same answer.
                asking.lock();
                try {
                    credentials.addAll(of(plugin, image, role));
                } catch (IOException e) {
                    troubles.add(
                            "credential provider %s: %s".formatted(plugin.name(), e.getMessage()));
                } finally {
                    asking.unlock();
                }
            }
        }
        return new Found(List.copyOf(credentials), List.copyOf(troubles));
    }

    private List<RegistryCredential> of(Plugin plugin, ImageReference image, String role)
            throws IOException {
        var now = clock.instant();
        answers.values().removeIf(kept -> !kept.until().isAfter(now));
        for (var scope : List.of(image.toString(), image.registry(), "")) {
            var kept = answers.get(new Key(plugin.name(), role, scope));
            if (kept != null) {
                return kept.credentials();
            }
        }
        var response = run(plugin, image, role);
        var credentials = new ArrayList<RegistryCredential>();
        Optional.ofNullable(response.auth())
                .orElse(Map.of())
                .forEach((pattern, login) ->
                        credentials.add(
                                new RegistryCredential(
                                        pattern,
                                        Optional.ofNullable(login.username()).orElse(""),
                                        Optional.ofNullable(login.password()).orElse(""))));
        var duration =
                Optional.ofNullable(response.cacheDuration())
                        .flatMap(CredentialPluginSettings::duration)
                        .orElse(plugin.cacheDuration());
        var scope =
                switch (String.valueOf(response.cacheKeyType())) {
                    case "Image" -> image.toString();
                    case "Registry" -> image.registry();
                    case "Global" -> "";
                    default ->
                            throw new IOException(
                                    "cacheKeyType is none of Image, Registry, Global: "
                                            + response.cacheKeyType());
                };
        if (duration.isPositive()) {
            answers.put(
                    new Key(plugin.name(), role, scope),
                    new Kept(List.copyOf(credentials), now.plus(duration)));
        }
        return credentials;
    }

    private Response run(Plugin plugin, ImageReference image, String role) throws IOException {
        var command = new ArrayList<String>();
        command.add(settings.directory().resolve(plugin.name()).toString());
        command.addAll(plugin.args());
        var environment = new HashMap<String, String>();
        if (!role.isEmpty()) {
            environment.put(ROLE_VARIABLE, role);
        }
        environment.putAll(plugin.environment());
        var request =
                new Request(plugin.apiVersion(), "CredentialProviderRequest", image.toString());
        var program =
                Program.of(PATIENCE, command)
                        .withEnvironment(new Program.Environment.Inherited(environment))
                        .withInput(JSON.writeValueAsBytes(request));
        try {
            return switch (programs.run(program)) {
                case Outcome.Ended ended when ended.succeeded() ->
                        checked(JSON.readValue(ended.output().kept(), Response.class), plugin);
                case Outcome.Ended ended ->
                        throw new IOException(
                                "exit code %d: %s"
                                        .formatted(ended.code(), shortened(ended.words())));
                case Outcome.TooLate _ ->
                        throw new IOException("no answer within " + PATIENCE.toSeconds() + " s");
                case Outcome.NotStarted(var reason) -> throw new IOException(reason);
                case Outcome.InputFailed(var cause) -> throw cause;
                case Outcome.Interrupted _ -> throw new IOException("interrupted");
            };
        } catch (JsonProcessingException e) {
            throw new IOException("its answer is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static Response checked(Response response, Plugin plugin) throws IOException {
        if (!"CredentialProviderResponse".equals(response.kind())
                || !plugin.apiVersion().equals(response.apiVersion())) {
            throw new IOException(
                    "its answer is a %s of %s, not a CredentialProviderResponse of %s"
                            .formatted(
                                    response.kind(), response.apiVersion(), plugin.apiVersion()));
        }
        return response;
    }

    private static String shortened(String words) {
        var stripped = words.strip();
        return stripped.length() <= LONGEST_WORDS
                ? stripped
                : stripped.substring(0, LONGEST_WORDS) + "…";
    }
}
