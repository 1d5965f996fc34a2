package dev.monopod.host.image;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// For which images a credential is meant: `HOST[:PORT][/PATH]`, where each label of the host may
/// hold wildcards (`*.registry.example`), the port must be equal, and the path is a prefix. Source:
/// the Kubernetes documentation, "Images", and the same rule for credential provider plugins.
///
/// @param text as it was given, without scheme, and without a leading `/v1/` or `/v2/` of the path
record RegistryPattern(String text, List<String> labels, String port, String path) {
    private static final String DEFAULT_REGISTRY = "docker.io";
    private static final Pattern SCHEME = Pattern.compile("^https?://");

    /// Empty for a text that is no pattern.
    static Optional<RegistryPattern> parse(String given) {
        var rest = SCHEME.matcher(given.strip()).replaceFirst("");
        var slash = rest.indexOf('/');
        var authority = slash < 0 ? rest : rest.substring(0, slash);
        var path = slash < 0 ? "" : rest.substring(slash);
        if (path.startsWith("/v1/") || path.startsWith("/v2/")) {
            path = path.substring("/v2".length());
        }
        path = path.equals("/") ? "" : path;
        var colon = authority.lastIndexOf(':');
        var host = colon < 0 ? authority : authority.substring(0, colon);
        var port = colon < 0 ? "" : authority.substring(colon + 1);
        if (host.equals("index.docker.io") || host.equals("registry-1.docker.io")) {
            host = DEFAULT_REGISTRY;
        }
        if (host.isEmpty() || !port.matches("[0-9]*")) {
            return Optional.empty();
        }
        return Optional.of(
                new RegistryPattern(
                        host + (port.isEmpty() ? "" : ":" + port) + path,
                        List.of(host.split("\\.", -1)),
                        port,
                        path));
    }

    boolean matches(ImageReference image) {
        var target = parse(image.name()).orElseThrow();
        if (!port.equals(target.port) || labels.size() != target.labels.size()) {
            return false;
        }
        for (var i = 0; i < labels.size(); i++) {
            if (!glob(labels.get(i), target.labels.get(i))) {
                return false;
            }
        }
        return target.path.startsWith(path);
    }

    private static boolean glob(String pattern, String label) {
        try {
            var matcher = FileSystems.getDefault().getPathMatcher("glob:" + escaped(pattern));
            return matcher.matches(Path.of(label));
        } catch (PatternSyntaxException e) {
            return false;
        }
    }

    /// Go's patterns know no alternatives in braces.
    private static String escaped(String pattern) {
        return pattern.replace("{", "\\{").replace("}", "\\}").replace("[^", "[!");
    }

    /// Whether this is a host alone, as registries are named in our own settings.
    static boolean isHost(String text) {
        try {
            var uri = new URI("https://" + text);
            return text.equals(uri.getRawAuthority()) && uri.getHost() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
