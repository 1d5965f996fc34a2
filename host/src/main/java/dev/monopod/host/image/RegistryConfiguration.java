package dev.monopod.host.image;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// How to reach registries that differ from the rule: HTTPS, and no host at an address of the
/// host's own, link-local, or of a VPC or Service.
public record RegistryConfiguration(List<RegistrySettings> registries) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public RegistryConfiguration {
        registries = List.copyOf(registries);
    }

    /// One registry, or one that stands in for others.
    ///
    /// @param registry `host[:port]` as in image references
    /// @param plainHttp no TLS
    /// @param caFile certificates to trust, PEM
    /// @param mirror `host[:port]` to ask first; short for `mirrors` with one
    /// @param mirrors `host[:port]` each, asked in this order before the registry itself. A
    ///   mirror's own settings are those of its own entry; credentials of the registry are not sent
    ///   to it.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record RegistrySettings(
            String registry,
            boolean plainHttp,
            @Nullable String caFile,
            @Nullable String mirror,
            @Nullable List<String> mirrors,
            @Nullable String username,
            @Nullable String password) {
        List<String> allMirrors() {
            return Stream.concat(
                            Optional.ofNullable(mirror).stream(),
                            Optional.ofNullable(mirrors).orElse(List.of()).stream())
                    .distinct()
                    .toList();
        }
    }

    /// Reads a JSON list of [RegistrySettings]; a file that is not there means no exceptions.
    ///
    /// @throws IOException naming the file, the entry and what is wrong with it
    public static RegistryConfiguration read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return new RegistryConfiguration(List.of());
        }
        try {
            var entries = JSON.readValue(Files.readAllBytes(file), RegistrySettings[].class);
            var configuration = new RegistryConfiguration(List.of(entries));
            configuration.check();
            return configuration;
        } catch (JsonProcessingException e) {
            throw new IOException(
                    "%s: %s (line %d)"
                            .formatted(file, e.getOriginalMessage(), e.getLocation().getLineNr()),
                    e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private void check() {
        var seen = new HashSet<String>();
        for (var i = 0; i < registries.size(); i++) {
            var settings = registries.get(i);
            var name = settings.registry() == null ? "" : settings.registry();
            var place = "entry %d (%s): ".formatted(i + 1, name.isEmpty() ? "no name" : name);
            require(RegistryPattern.isHost(name), place + "registry must be HOST or HOST:PORT");
            require(seen.add(name), place + "there is an entry for this registry already");
            for (var mirror : settings.allMirrors()) {
                require(
                        RegistryPattern.isHost(mirror),
                        place + "mirror \"" + mirror + "\" must be HOST or HOST:PORT");
                require(!mirror.equals(name), place + "it is its own mirror");
            }
            require(
                    Objects.isNull(settings.username()) == Objects.isNull(settings.password()),
                    place + "username and password belong together");
            var caFile = settings.caFile();
            require(
                    caFile == null || Files.isReadable(Path.of(caFile)),
                    place + "caFile " + caFile + " cannot be read");
            require(
                    caFile == null || !settings.plainHttp(),
                    place + "plainHttp makes no use of a caFile");
        }
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    /// Every host that is named here: what the operator wants to be asked, wherever it is.
    Set<String> named() {
        return registries.stream()
                .flatMap(one -> Stream.concat(Stream.of(one.registry()), one.allMirrors().stream()))
                .map(name -> name.toLowerCase(Locale.ROOT).replaceFirst(":443$", ""))
                .collect(Collectors.toUnmodifiableSet());
    }

    RegistrySettings of(String registry) {
        return own(registry)
                .orElseGet(() ->
                        new RegistrySettings(
                                registry, loopback(registry), null, null, null, null, null));
    }

    private Optional<RegistrySettings> own(String registry) {
        return registries.stream()
                .filter(settings -> settings.registry().equals(registry))
                .findFirst();
    }

    private static boolean loopback(String registry) {
        return registry.matches("(localhost|127\\.[0-9.]+)(:[0-9]+)?");
    }
}
