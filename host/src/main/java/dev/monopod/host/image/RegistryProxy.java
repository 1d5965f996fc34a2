package dev.monopod.host.image;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/// An HTTP proxy by which registries are reached: TLS goes through it unread (`CONNECT`).
///
/// @param host name or address, in small letters
/// @param credential for `Basic`; empty: none
record RegistryProxy(String host, int port, Optional<Credential> credential) {
    record Credential(String user, String password) {
        @Override
        public String toString() {
            return "Credential[" + user + "]";
        }
    }

    /// @param text `http://[USER:PASSWORD@]HOST:PORT`, user and password percent-encoded
    /// @throws IllegalArgumentException if it is none; the message has no password
    static RegistryProxy parse(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw malformed();
        }
        var path = uri.getRawPath();
        if (!"http".equals(uri.getScheme())
                || uri.getHost() == null
                || uri.getPort() < 1
                || uri.getPort() > 65_535
                || !(path.isEmpty() || path.equals("/"))
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            throw malformed();
        }
        return new RegistryProxy(
                uri.getHost().toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]", ""),
                uri.getPort(),
                Optional.ofNullable(uri.getRawUserInfo()).map(RegistryProxy::credential));
    }

    private static Credential credential(String raw) {
        var colon = raw.indexOf(':');
        if (colon < 1) {
            throw malformed();
        }
        return new Credential(decoded(raw.substring(0, colon)), decoded(raw.substring(colon + 1)));
    }

    /// A plus sign is none of a blank here.
    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static IllegalArgumentException malformed() {
        return new IllegalArgumentException("proxy must be http://[USER:PASSWORD@]HOST:PORT");
    }

    /// Which proxy to ask for a host; empty: the host itself.
    @FunctionalInterface
    interface Choice {
        Choice NONE = _ -> Optional.empty();

        /// @param authority `host[:port]`, the port left out where it is the scheme's own
        Optional<RegistryProxy> of(String authority);
    }
}
