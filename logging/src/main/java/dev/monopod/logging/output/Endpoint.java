package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.config.Section;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// Where the server of an output is, and what each request to it has beside its body.
///
/// @param verifies the server's certificate, with TLS
/// @param path begins with a slash
/// @param headers of each request; may be secrets
/// @param gzip the body is compressed
public record Endpoint(
        String host,
        int port,
        boolean tls,
        boolean verifies,
        String path,
        Map<String, String> headers,
        boolean gzip) {
    /// HTTP clients write these themselves.
    private static final List<String> OWNED =
            List.of(
                    "connection",
                    "content-encoding",
                    "content-length",
                    "content-type",
                    "expect",
                    "host",
                    "transfer-encoding",
                    "upgrade");

    private static final int HIGHEST_PORT = 65_535;

    public Endpoint {
        headers = Map.copyOf(headers);
    }

    /// @param port that it has unless the section says otherwise
    /// @param path as it stands in the section, or its default
    /// @param headers that the output itself needs
    static Endpoint read(
            Parameters parameters, int port, String path, Map<String, String> headers) {
        parameters.ignore(
                "Workers",
                "Retry_Limit",
                "net.connect_timeout",
                "net.keepalive",
                "storage.total_limit_size");
        parameters.unless("compress", "", "gzip");
        parameters.unless("proxy", "");
        if (!path.matches("/(?:[A-Za-z0-9._~/?&=+,:-]|%[0-9A-Fa-f]{2})*")) {
            parameters.wrong("'%s' is no path".formatted(path), "begin it with a slash");
        }
        var all = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
        user(parameters, all);
        all.putAll(headers);
        parameters.pairs("header").forEach(pair -> header(parameters, pair, all));
        return new Endpoint(
                host(parameters),
                port(parameters, port),
                parameters.flag("tls", false),
                parameters.flag("tls.verify", true),
                path,
                all,
                parameters.text("compress", "").equalsIgnoreCase("gzip"));
    }

    static String host(Parameters parameters) {
        var host = parameters.text("Host", "127.0.0.1");
        if (!host.matches("[A-Za-z0-9._-]{1,253}") || !isHost(host)) {
            parameters.wrong("'%s' is no Host".formatted(host), "write a name or an IPv4 address");
        }
        return host;
    }

    /// Whether clients take it: a label has no `_`, and ends with no `-`.
    private static boolean isHost(String name) {
        try {
            return new URI("http", name, "/", null).getHost() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    static int port(Parameters parameters, int otherwise) {
        var port = parameters.number("Port", otherwise);
        if (port < 1 || port > HIGHEST_PORT) {
            parameters.wrong("%d is no Port".formatted(port), "write 1 to 65535");
        }
        return port;
    }

    private static void user(Parameters parameters, Map<String, String> headers) {
        var password = parameters.text("http_passwd", "");
        parameters
                .text("http_user")
                .ifPresent(user -> headers.put("Authorization", basic(user, password)));
    }

    /// A header's value, for basic authentication.
    public static String basic(String user, String password) {
        var both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(both);
    }

    /// A body as it is sent.
    public byte[] encoded(String body) {
        var compression = gzip ? Payload.Compression.GZIP : Payload.Compression.NONE;
        return compression.of(body.getBytes(StandardCharsets.UTF_8));
    }

    private static void header(
            Parameters parameters, Section.Pair pair, Map<String, String> headers) {
        var words = Parameters.words(pair.value(), 2);
        if (words.size() != 2 || !isName(words.getFirst()) || !isValue(words.getLast())) {
            parameters.wrong(pair, "write a name and a value");
        } else if (OWNED.contains(words.getFirst().toLowerCase(Locale.ROOT))) {
            parameters.wrong(pair, "the client writes this header itself");
        } else {
            headers.put(words.getFirst(), words.getLast());
        }
    }

    private static boolean isName(String text) {
        return text.matches("[A-Za-z0-9_-]{1,64}");
    }

    static boolean isValue(String text) {
        return text.matches("[\\x20-\\x7e]{1,4096}");
    }

    /// Without what may be a secret.
    @Override
    public String toString() {
        return "%s://%s:%d%s".formatted(tls ? "https" : "http", host, port, path);
    }
}
