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

/// How to reach registries that differ from the rule: HTTPS, directly, and no host at an address of
/// the host's own, link-local, or of a VPC or Service. The entry `*` has a proxy for all hosts that
/// no other entry has one for, those of tokens and blobs included.
public record RegistryConfiguration(List<RegistrySettings> registries) {
    private static final String ALL = "*";
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
    /// @param proxy by which this host is reached, `http://[USER:PASSWORD@]HOST:PORT`; empty:
    ///   directly; null: as the entry `*` says
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record RegistrySettings(
            String registry,
            boolean plainHttp,
            @Nullable String caFile,
            @Nullable String mirror,
            @Nullable List<String> mirrors,
            @Nullable String username,
            @Nullable String password,
            @Nullable String proxy) {
        private boolean isProxyAlone() {
            return proxy != null
                    && !plainHttp
                    && caFile == null
                    && username == null
                    && allMirrors().isEmpty();
        }

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
            require(
                    name.equals(ALL) || RegistryPattern.isHost(name),
                    place + "registry must be HOST or HOST:PORT");
            require(
                    !name.equals(ALL) || settings.isProxyAlone(),
                    place + "for all registries there can be a proxy, and nothing else");
            checkProxy(settings, place);
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

    private static void checkProxy(RegistrySettings settings, String place) {
        var proxy = settings.proxy();
        if (proxy != null && !proxy.isEmpty()) {
            try {
                RegistryProxy.parse(proxy);
            } catch (IllegalArgumentException malformed) {
                throw new IllegalArgumentException(place + malformed.getMessage(), malformed);
            }
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
                .filter(one -> !one.registry().equals(ALL))
                .flatMap(one -> Stream.concat(Stream.of(one.registry()), one.allMirrors().stream()))
                .map(RegistryConfiguration::authority)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static String authority(String name) {
        return name.toLowerCase(Locale.ROOT).replaceFirst(":443$", "");
    }

    /// The proxy for a host, whoever named it. This machine's own are asked directly, unless their
    /// entry says otherwise.
    Optional<RegistryProxy> proxy(String authority) {
        return registries.stream()
                .filter(one -> one.proxy() != null && authority(one.registry()).equals(authority))
                .findFirst()
                .or(() -> loopback(authority) ? Optional.empty() : own(ALL))
                .map(RegistrySettings::proxy)
                .filter(text -> !text.isEmpty())
                .map(RegistryProxy::parse);
    }

    RegistrySettings of(String registry) {
        return own(registry)
                .orElseGet(() ->
                        new RegistrySettings(
                                registry, loopback(registry), null, null, null, null, null, null));
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
