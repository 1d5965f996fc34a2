package dev.monopod.host.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.host.image.ImageStore.ImageConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// An image for this platform, as its manifest and configuration describe it. Source: OCI image
/// specification; Docker's schema 2 has the same shape.
///
/// @param digest of the platform's manifest
/// @param topDigest of what the reference named: the index, if there is one
record ImageManifest(
        String digest,
        String topDigest,
        List<Blob> layers,
        List<String> diffIds,
        ImageConfig config) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_LAYERS = 512;
    private static final int LONGEST_CONFIG = 8 << 20;

    ImageManifest {
        Objects.requireNonNull(digest, "digest");
        Objects.requireNonNull(topDigest, "topDigest");
        Objects.requireNonNull(config, "config");
        layers = List.copyOf(layers);
        diffIds = List.copyOf(diffIds);
    }

    /// A verified-by-digest piece of an image.
    record Blob(String digest, long size) {}

    /// Bytes of its layers, as shipped.
    long size() {
        return layers.stream().mapToLong(Blob::size).sum();
    }

    /// @throws ImageException when there is no such image or none for this platform
    static ImageManifest read(BlobSource source, String tagOrDigest, String name) {
        try {
            var bytes = source.manifest(tagOrDigest);
            var top = digest(bytes);
            if (tagOrDigest.startsWith("sha256:") && !top.equals(tagOrDigest)) {
                throw broken(name, "asked for " + tagOrDigest + " and was given " + top);
            }
            var manifest = JSON.readTree(bytes);
            if (manifest.has("manifests")) {
                var chosen = platform(manifest.path("manifests"), name);
                bytes = source.manifest(chosen);
                if (!digest(bytes).equals(chosen)) {
                    throw broken(name, "manifest " + chosen + " has digest " + digest(bytes));
                }
                manifest = JSON.readTree(bytes);
            }
            return of(source, bytes, manifest, top, name);
        } catch (IOException e) {
            throw broken(name, String.valueOf(e.getMessage()));
        }
    }

    private static ImageManifest of(
            BlobSource source, byte[] bytes, JsonNode manifest, String top, String name)
            throws IOException {
        var layers = new ArrayList<Blob>();
        for (var layer : manifest.path("layers")) {
            layers.add(
                    new Blob(
                            checked(layer.path("digest").asText(), name),
                            layer.path("size").asLong()));
        }
        var configDigest = checked(manifest.path("config").path("digest").asText(), name);
        byte[] config;
        try (var in = source.blob(configDigest)) {
            config = in.readNBytes(LONGEST_CONFIG);
        }
        if (!digest(config).equals(configDigest)) {
            throw broken(name, "configuration " + configDigest + " is damaged");
        }
        var tree = JSON.readTree(config);
        var diffIds = strings(tree.path("rootfs").path("diff_ids"));
        if (layers.size() > MOST_LAYERS || diffIds.size() != layers.size()) {
            throw broken(
                    name,
                    layers.size() + " layers, and " + diffIds.size() + " in its configuration");
        }
        return new ImageManifest(digest(bytes), top, layers, diffIds, config(tree.path("config")));
    }

    private static String platform(JsonNode manifests, String name) {
        var offered = new ArrayList<String>();
        for (var entry : manifests) {
            var platform = entry.path("platform");
            var text = platform.path("os").asText() + "/" + platform.path("architecture").asText();
            if (text.equals("linux/amd64")) {
                return checked(entry.path("digest").asText(), name);
            }
            offered.add(text);
        }
        throw broken(name, "no image for linux/amd64, only for " + String.join(", ", offered));
    }

    private static ImageConfig config(JsonNode config) {
        var labels = new LinkedHashMap<String, String>();
        for (var label : config.path("Labels").properties()) {
            labels.put(label.getKey(), label.getValue().asText());
        }
        return new ImageConfig(
                strings(config.path("Entrypoint")),
                strings(config.path("Cmd")),
                strings(config.path("Env")),
                config.path("WorkingDir").asText(""),
                config.path("User").asText(""),
                Optional.of(config.path("StopSignal").asText("")).filter(s -> !s.isEmpty()),
                labels);
    }

    private static List<String> strings(JsonNode array) {
        var strings = new ArrayList<String>();
        array.forEach(element -> strings.add(element.asText()));
        return List.copyOf(strings);
    }

    static String digest(byte[] bytes) {
        return "sha256:" + HexFormat.of().formatHex(sha256().digest(bytes));
    }

    static String digest(String text) {
        return digest(text.getBytes(StandardCharsets.UTF_8));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String checked(String digest, String name) {
        if (!digest.matches("sha256:[0-9a-f]{64}")) {
            throw broken(name, "digest \"" + digest + "\" is not sha256");
        }
        return digest;
    }

    static ImageException broken(String name, String what) {
        return new ImageException(
                ImageException.Reason.PULL_FAILED,
                "failed to pull image \"%s\": %s".formatted(name, what));
    }
}
