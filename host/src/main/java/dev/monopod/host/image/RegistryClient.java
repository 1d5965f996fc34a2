package dev.monopod.host.image;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import dev.monopod.host.image.RegistryHttp.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.ssl.SSLContexts;

/// Asks one host for the manifests and blobs of one repository, with one credential or none.
/// Source: OCI distribution specification; the token protocol of the distribution project. A
/// credential goes to that host, and to the token server that it names over the connection it is
/// trusted by; to no host that an answer redirects to. Thread-safe.
final class RegistryClient {
    static final int MOST_MANIFEST_BYTES = 4 << 20;
    private static final int MOST_TOKEN_BYTES = 64 << 10;
    private static final int MOST_REDIRECTS = 5;
    private static final int UNAUTHORIZED = 401;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern PARAMETER = Pattern.compile("([a-z]+)=\"([^\"]*)\"");
    private static final String MANIFESTS =
            String.join(
                    ", ",
                    "application/vnd.oci.image.index.v1+json",
                    "application/vnd.oci.image.manifest.v1+json",
                    "application/vnd.docker.distribution.manifest.list.v2+json",
                    "application/vnd.docker.distribution.manifest.v2+json");

    private final RegistryHttp http;
    private final URI base;
    private final String repository;
    private final SSLContext tls;
    private final Optional<RegistryCredential> credential;
    private volatile Optional<String> authorization = Optional.empty();

    /// @param base `https://host[:port]`, or with `http`
    /// @param tls for connections to that host
    RegistryClient(
            RegistryHttp http,
            URI base,
            String repository,
            SSLContext tls,
            Optional<RegistryCredential> credential) {
        this.http = http;
        this.base = base;
        this.repository = repository;
        this.tls = tls;
        this.credential = credential;
    }

    /// The host did not give what it was asked for.
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        private final int status;

        Refused(int status) {
            super("HTTP " + status);
            this.status = status;
        }

        int status() {
            return status;
        }
    }

    Optional<RegistryCredential> credential() {
        return credential;
    }

    /// @throws Refused with the status
    byte[] manifest(String tagOrDigest) throws IOException {
        try (var answer =
                get("manifests/" + tagOrDigest, Map.of("Accept", MANIFESTS), MOST_MANIFEST_BYTES)) {
            return answer.body().readAllBytes();
        }
    }

    /// @param mostBytes more are an error
    /// @throws Refused with the status
    InputStream blob(String digest, long mostBytes) throws IOException {
        return get("blobs/" + digest, Map.of(), mostBytes).body();
    }

    private Answer get(String what, Map<String, String> headers, long mostBytes)
            throws IOException {
        var uri = base.resolve("/v2/" + repository + "/" + what);
        var known = authorization;
        var answer = follow(uri, headers, known, mostBytes);
        if (answer.status() == UNAUTHORIZED) {
            answer.close();
            authorization = authorize(answer.header("www-authenticate").orElse(""));
            answer = follow(uri, headers, authorization, mostBytes);
        }
        if (answer.status() != 200) {
            answer.close();
            throw new Refused(answer.status());
        }
        return answer;
    }

    private Answer follow(
            URI from, Map<String, String> headers, Optional<String> authorized, long mostBytes)
            throws IOException {
        var uri = from;
        for (var hops = 0; ; hops++) {
            var ours = origin(uri).equals(origin(base));
            var sent = new HashMap<>(headers);
            if (ours) {
                authorized.ifPresent(value -> sent.put("Authorization", value));
            }
            var answer = http.get(uri, sent, mostBytes, ours ? tls : usual());
            var target = answer.header("location");
            if (answer.status() < 300 || answer.status() >= 400 || target.isEmpty()) {
                if (answer.status() == UNAUTHORIZED && !ours) {
                    // It is not for a host that was redirected to, to say where credentials go.
                    answer.close();
                    throw new Refused(UNAUTHORIZED);
                }
                return answer;
            }
            answer.close();
            if (hops == MOST_REDIRECTS) {
                throw new IOException("more than %d redirects".formatted(MOST_REDIRECTS));
            }
            uri = target(uri, target.get(), "a redirect");
        }
    }

    /// An address that an answer names; never without TLS where the answer came with it.
    private static URI target(URI from, String text, String what) throws IOException {
        URI uri;
        try {
            uri = from.resolve(text);
        } catch (IllegalArgumentException e) {
            throw new IOException(what + " to what is no address", e);
        }
        if ("https".equals(from.getScheme()) && !"https".equals(uri.getScheme())) {
            throw new IOException(what + " from HTTPS to what is not");
        }
        return uri;
    }

    private static String origin(URI uri) {
        return uri.getHost() == null
                ? ""
                : uri.getScheme().toLowerCase(Locale.ROOT) + "://" + RegistryHttp.authority(uri);
    }

    private static SSLContext usual() {
        return SSLContexts.createSystemDefault();
    }

    /// What a request needs that was refused with this challenge.
    private Optional<String> authorize(String challenge) throws IOException {
        var basic = credential.map(RegistryClient::basic);
        if (challenge.regionMatches(true, 0, "basic", 0, "basic".length())) {
            return Optional.of(basic.orElseThrow(() -> new Refused(UNAUTHORIZED)));
        }
        if (!challenge.regionMatches(true, 0, "bearer ", 0, "bearer ".length())) {
            throw new Refused(UNAUTHORIZED);
        }
        var parameters = new HashMap<String, String>();
        PARAMETER
                .matcher(challenge)
                .results()
                .forEach(found -> parameters.put(found.group(1), found.group(2)));
        var realm = target(base, parameters.getOrDefault("realm", ""), "a token server");
        var query = "scope=" + encoded("repository:" + repository + ":pull");
        if (parameters.containsKey("service")) {
            query += "&service=" + encoded(parameters.get("service"));
        }
        var uri = URI.create(realm + (realm.getRawQuery() == null ? "?" : "&") + query);
        var ours = origin(uri).equals(origin(base));
        if (!ours && !"https".equals(uri.getScheme()) && basic.isPresent()) {
            throw new IOException("a token server elsewhere that would get a password without TLS");
        }
        var headers = basic.map(value -> Map.of("Authorization", value)).orElse(Map.of());
        try (var answer = http.get(uri, headers, MOST_TOKEN_BYTES, ours ? tls : usual())) {
            if (answer.status() != 200) {
                throw new Refused(answer.status());
            }
            return Optional.of("Bearer " + token(answer.body().readAllBytes()));
        }
    }

    private static String token(byte[] answer) throws IOException {
        try {
            var json = JSON.readTree(answer);
            var token = json.path("token").asText(json.path("access_token").asText(""));
            if (token.matches("[!-~]+")) {
                return token;
            }
        } catch (IOException e) {
            throw new IOException("a token server whose answer is no JSON", e);
        }
        throw new IOException("a token server that gives no token");
    }

    private static String basic(RegistryCredential credential) {
        var both = credential.username() + ":" + credential.password();
        return "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
