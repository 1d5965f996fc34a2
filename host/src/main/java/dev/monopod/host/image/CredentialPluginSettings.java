package dev.monopod.host.image;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The credential provider plugins of this host, as the kubelet's file `CredentialProviderConfig`
/// (`kubelet.config.k8s.io/v1`) lists them.
///
/// @param directory where the programs are
public record CredentialPluginSettings(Path directory, List<Plugin> plugins) {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final Set<String> CONFIG_VERSIONS =
            Set.of("kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v1beta1");
    private static final Set<String> PROTOCOL_VERSIONS =
            Set.of(
                    "credentialprovider.kubelet.k8s.io/v1",
                    "credentialprovider.kubelet.k8s.io/v1beta1");
    private static final Pattern DURATION =
            Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(h|ms|m|s|us|µs|ns)");

    public CredentialPluginSettings {
        plugins = List.copyOf(plugins);
    }

    /// One program.
    ///
    /// @param cacheDuration how long an answer that names no duration is used
    record Plugin(
            String name,
            List<RegistryPattern> matchImages,
            Duration cacheDuration,
            String apiVersion,
            List<String> args,
            Map<String, String> environment) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Document(
            @Nullable String apiVersion,
            @Nullable String kind,
            @Nullable List<Provider> providers) {}

    private record Provider(
            @Nullable String name,
            @Nullable List<String> matchImages,
            @Nullable String defaultCacheDuration,
            @Nullable String apiVersion,
            @Nullable List<String> args,
            @Nullable List<Variable> env,
            @Nullable Object tokenAttributes) {}

    private record Variable(String name, @Nullable String value) {}

    public static CredentialPluginSettings none() {
        return new CredentialPluginSettings(Path.of("/"), List.of());
    }

    /// @throws IOException naming the file, the provider and what is wrong with it
    public static CredentialPluginSettings read(Path file, Path directory) throws IOException {
        try {
            var document = YAML.readValue(Files.readString(file), Document.class);
            require(
                    "CredentialProviderConfig".equals(document.kind()),
                    "kind is not CredentialProviderConfig but " + document.kind());
            require(
                    CONFIG_VERSIONS.contains(String.valueOf(document.apiVersion())),
                    "apiVersion is not kubelet.config.k8s.io/v1 but " + document.apiVersion());
            var providers = Optional.ofNullable(document.providers()).orElse(List.of());
            var names = new HashSet<String>();
            for (var provider : providers) {
                require(
                        names.add(String.valueOf(provider.name())),
                        "two providers are named " + provider.name());
            }
            return new CredentialPluginSettings(
                    directory,
                    providers.stream().map(provider -> plugin(provider, directory)).toList());
        } catch (JacksonException e) {
            throw new IOException(file + ": " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static Plugin plugin(Provider provider, Path directory) {
        var name = String.valueOf(provider.name());
        var place = "provider " + name + ": ";
        require(
                name.matches("[A-Za-z0-9][A-Za-z0-9._-]*"),
                place + "the name must be that of a program, without folders");
        require(
                Files.isExecutable(directory.resolve(name)),
                place + directory.resolve(name) + " is no program");
        require(
                PROTOCOL_VERSIONS.contains(String.valueOf(provider.apiVersion())),
                place
                        + "apiVersion is not credentialprovider.kubelet.k8s.io/v1 but "
                        + provider.apiVersion());
        require(
                provider.tokenAttributes() == null,
                place + "tokenAttributes (service account tokens for plugins) are not supported");
        var images = Optional.ofNullable(provider.matchImages()).orElse(List.of());
        require(!images.isEmpty(), place + "matchImages is empty");
        var environment = new java.util.LinkedHashMap<String, String>();
        for (var variable : Optional.ofNullable(provider.env()).orElse(List.of())) {
            environment.put(variable.name(), Optional.ofNullable(variable.value()).orElse(""));
        }
        return new Plugin(
                name,
                images.stream()
                        .map(image ->
                                RegistryPattern.parse(image)
                                        .orElseThrow(() ->
                                                new IllegalArgumentException(
                                                        place
                                                                + "matchImages: \""
                                                                + image
                                                                + "\" is no pattern")))
                        .toList(),
                duration(String.valueOf(provider.defaultCacheDuration()))
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        place
                                                + "defaultCacheDuration is no duration: "
                                                + provider.defaultCacheDuration())),
                String.valueOf(provider.apiVersion()),
                Optional.ofNullable(provider.args()).orElse(List.of()),
                environment);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    /// A duration as Go writes it, such as `12h`, `1h30m` or `0`.
    static Optional<Duration> duration(String text) {
        if (text.equals("0")) {
            return Optional.of(Duration.ZERO);
        }
        var matcher = DURATION.matcher(text);
        var nanos = 0.0;
        var end = 0;
        while (matcher.find() && matcher.start() == end) {
            nanos += Double.parseDouble(matcher.group(1)) * nanosOf(matcher.group(2));
            end = matcher.end();
        }
        return end == 0 || end != text.length()
                ? Optional.empty()
                : Optional.of(Duration.ofNanos((long) nanos));
    }

    private static double nanosOf(String unit) {
        return switch (unit) {
            case "h" -> 3600e9;
            case "m" -> 60e9;
            case "s" -> 1e9;
            case "ms" -> 1e6;
            case "ns" -> 1;
            default -> 1e3;
        };
    }
}
