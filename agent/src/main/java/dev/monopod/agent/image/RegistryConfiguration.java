package dev.monopod.agent.image;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How to reach registries that differ from the rule: HTTPS, except for the loopback host.
public record RegistryConfiguration(List<RegistrySettings> registries) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public RegistryConfiguration {
        registries = List.copyOf(registries);
    }

    /// One registry.
    ///
    /// @param registry `host[:port]` as in image references
    /// @param plainHttp no TLS
    /// @param caFile certificates to trust, PEM
    /// @param mirror `host[:port]` to ask instead
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record RegistrySettings(
            String registry,
            boolean plainHttp,
            @Nullable String caFile,
            @Nullable String mirror,
            @Nullable String username,
            @Nullable String password) {}

    /// Reads a JSON list of [RegistrySettings]; a file that is not there means no exceptions.
    ///
    /// @throws IOException naming the file and what is wrong in it
    public static RegistryConfiguration read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return new RegistryConfiguration(List.of());
        }
        try {
            return new RegistryConfiguration(
                    List.of(JSON.readValue(Files.readAllBytes(file), RegistrySettings[].class)));
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    RegistrySettings of(String registry) {
        return registries.stream()
                .filter(settings -> settings.registry().equals(registry))
                .findFirst()
                .orElseGet(() ->
                        new RegistrySettings(registry, loopback(registry), null, null, null, null));
    }

    private static boolean loopback(String registry) {
        return registry.matches("(localhost|127\\.[0-9.]+)(:[0-9]+)?");
    }
}
