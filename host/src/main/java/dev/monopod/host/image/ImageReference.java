package dev.monopod.host.image;

import java.util.regex.Pattern;

/// An image reference with everything spelt out that users leave away: `nginx` is
/// `docker.io/library/nginx:latest`. Source: the distribution project's reference grammar.
///
/// @param registry `host[:port]`
/// @param repository path within the registry
/// @param tag empty when the reference has a digest only
/// @param digest `sha256:…` or empty
record ImageReference(String registry, String repository, String tag, String digest) {
    private static final String DEFAULT_REGISTRY = "docker.io";
    private static final Pattern REPOSITORY =
            Pattern.compile(
                    "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*");
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9.-]+(?::[0-9]{1,5})?");

    /// @throws ImageException INVALID_NAME, naming the text
    static ImageReference parse(String text) {
        var rest = text;
        var digest = "";
        var at = rest.indexOf('@');
        if (at >= 0) {
            digest = rest.substring(at + 1);
            rest = rest.substring(0, at);
        }
        var tag = "";
        var colon = rest.lastIndexOf(':');
        if (colon > rest.lastIndexOf('/')) {
            tag = rest.substring(colon + 1);
            rest = rest.substring(0, colon);
        }
        var registry = DEFAULT_REGISTRY;
        var slash = rest.indexOf('/');
        var first = slash < 0 ? "" : rest.substring(0, slash);
        if (first.contains(".") || first.contains(":") || first.equals("localhost")) {
            registry = first;
            rest = rest.substring(slash + 1);
        }
        if (registry.equals("index.docker.io")) {
            registry = DEFAULT_REGISTRY;
        }
        if (registry.equals(DEFAULT_REGISTRY) && !rest.contains("/")) {
            rest = "library/" + rest;
        }
        if (tag.isEmpty() && digest.isEmpty()) {
            tag = "latest";
        }
        if (!HOST.matcher(registry).matches()
                || !REPOSITORY.matcher(rest).matches()
                || rest.length() > 255
                || text.endsWith(":")
                || !(tag.isEmpty() || TAG.matcher(tag).matches())
                || !(at < 0 || DIGEST.matcher(digest).matches())) {
            throw new ImageException(
                    ImageException.Reason.INVALID_NAME,
                    "couldn't parse image name \"%s\": invalid reference format".formatted(text));
        }
        return new ImageReference(registry, rest, tag, digest);
    }

    /// What a registry is asked for.
    String tagOrDigest() {
        return digest.isEmpty() ? tag : digest;
    }

    String name() {
        return registry + "/" + repository;
    }

    @Override
    public String toString() {
        return name() + (tag.isEmpty() ? "" : ":" + tag) + (digest.isEmpty() ? "" : "@" + digest);
    }
}
