package dev.monopod.host.image;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.host.image.ImageStore.ImageConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    /// Two bytes can be an object of sixty in memory: so not only bytes are bounded.
    private static final ObjectMapper JSON =
            new ObjectMapper(
                    JsonFactory.builder()
                            .streamReadConstraints(
                                    StreamReadConstraints.builder()
                                            .maxTokenCount(100_000)
                                            .maxNestingDepth(32)
                                            .build())
                            .build());

    private static final int MOST_LAYERS = 256;
    private static final int MOST_PLATFORMS = 1024;
    static final int LONGEST_CONFIG = 4 << 20;

    /// What containers are given of it; it stays in memory.
    private static final int LONGEST_SETTINGS = 256 << 10;

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
            throw broken(name, "its manifest or configuration cannot be read: " + readable(e), e);
        }
    }

    /// A parser's words would hold some of what it read.
    private static String readable(IOException e) {
        return e instanceof JsonProcessingException
                ? "no JSON, or too much of it"
                : String.valueOf(e.getMessage());
    }

    private static ImageManifest of(
            BlobSource source, byte[] bytes, JsonNode manifest, String top, String name)
            throws IOException {
        var layers = new ArrayList<Blob>();
        if (manifest.path("layers").size() > MOST_LAYERS) {
            throw broken(
                    name,
                    "it has %d layers, and may have %d"
                            .formatted(manifest.path("layers").size(), MOST_LAYERS));
        }
        var total = 0L;
        for (var layer : manifest.path("layers")) {
            var size = layer.path("size").asLong(-1);
            total += Math.clamp(size, 0, ImageStore.DISK_BYTES);
            if (size < 0 || size > ImageStore.DISK_BYTES || total > ImageStore.DISK_BYTES) {
                throw broken(
                        name,
                        "its layers must have 0 to %d bytes together, and one has %d"
                                .formatted(ImageStore.DISK_BYTES, size));
            }
            layers.add(new Blob(checked(layer.path("digest").asText(), name), size));
        }
        if (!manifest.path("config").has("digest")) {
            throw broken(name, "its manifest is neither of OCI nor of Docker's schema 2");
        }
        var configDigest = checked(manifest.path("config").path("digest").asText(), name);
        byte[] config;
        try (var in = source.blob(configDigest, LONGEST_CONFIG)) {
            config = in.readNBytes(LONGEST_CONFIG + 1);
        }
        if (config.length > LONGEST_CONFIG) {
            throw broken(
                    name, "its configuration has more than %d bytes".formatted(LONGEST_CONFIG));
        }
        if (!digest(config).equals(configDigest)) {
            throw broken(name, "configuration " + configDigest + " is damaged");
        }
        var tree = JSON.readTree(config);
        if (!tree.path("rootfs").has("diff_ids")) {
            throw broken(name, "it is no container image: its configuration names no layers");
        }
        var diffIds = strings(tree.path("rootfs").path("diff_ids"));
        diffIds.forEach(diffId -> checked(diffId, name));
        if (diffIds.size() != layers.size()) {
            throw broken(
                    name,
                    layers.size() + " layers, and " + diffIds.size() + " in its configuration");
        }
        var settings = config(tree.path("config"));
        if (settings.length() > LONGEST_SETTINGS) {
            throw broken(
                    name,
                    "its command, environment and labels have %d characters, and may have %d"
                            .formatted(settings.length(), LONGEST_SETTINGS));
        }
        return new ImageManifest(digest(bytes), top, layers, diffIds, settings);
    }

    private static String platform(JsonNode manifests, String name) {
        if (manifests.size() > MOST_PLATFORMS) {
            throw broken(
                    name,
                    "its index has %d entries, and may have %d"
                            .formatted(manifests.size(), MOST_PLATFORMS));
        }
        for (var entry : manifests) {
            var platform = entry.path("platform");
            var text = platform.path("os").asText() + "/" + platform.path("architecture").asText();
            if (text.equals("linux/amd64")) {
                return checked(entry.path("digest").asText(), name);
            }
        }
        throw broken(
                name, "no image for linux/amd64 among the %d of it".formatted(manifests.size()));
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
                labels,
                volumes(config.path("Volumes")));
    }

    /// A path that is not absolute is none that a container could have.
    private static List<String> volumes(JsonNode object) {
        return object.propertyStream()
                .map(Map.Entry::getKey)
                .filter(path -> path.startsWith("/"))
                .toList();
    }

    private static List<String> strings(JsonNode array) {
        var strings = new ArrayList<String>();
        array.forEach(element -> strings.add(element.asText()));
        return List.copyOf(strings);
    }

    static String digest(byte[] bytes) {
        return "sha256:" + HexFormat.of().formatHex(Sha256.begin().digest(bytes));
    }

    static String digest(String text) {
        return digest(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String checked(String digest, String name) {
        if (!digest.matches("sha256:[0-9a-f]{64}")) {
            throw broken(name, "one of its digests is not sha256");
        }
        return digest;
    }

    static ImageException broken(String name, String what) {
        return new ImageException(ImageException.Reason.PULL_FAILED, message(name, what));
    }

    private static ImageException broken(String name, String what, Throwable cause) {
        return new ImageException(ImageException.Reason.PULL_FAILED, message(name, what), cause);
    }

    private static String message(String name, String what) {
        return "failed to pull image \"%s\": %s".formatted(name, what);
    }
}
