package dev.monopod.host.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/// The images of a tar that `docker save` wrote, or of a tar of an OCI layout. Its files are
/// spooled under names of our own, so that no path of the archive is followed.
final class ArchiveSource implements BlobSource {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_FILES = 4096;
    private static final int MOST_LINKS = 8;

    private final Path spool;

    /// Digest of each file by its name.
    private final Map<String, String> names = new HashMap<>();

    private final Map<String, String> links = new HashMap<>();
    private final Map<String, Path> blobs = new HashMap<>();
    private final Map<String, byte[]> manifests = new HashMap<>();
    private final Map<String, String> references = new LinkedHashMap<>();

    /// @param spool empty folder; the caller removes it
    /// @throws IOException when it is neither kind
    ArchiveSource(Path tar, Path spool) throws IOException {
        this.spool = spool;
        unpack(tar);
        if (digest("index.json").isPresent()) {
            readLayout();
        } else if (digest("manifest.json").isPresent()) {
            readDockerSave();
        } else {
            throw new IOException(
                    "neither index.json (OCI layout) nor manifest.json (docker save) in it");
        }
        if (references.isEmpty()) {
            throw new IOException("none of its images has a name");
        }
    }

    /// Digest of the manifest by the reference that the archive gives it, in the archive's order.
    Map<String, String> references() {
        return Collections.unmodifiableMap(references);
    }

    @Override
    public byte[] manifest(String digest) {
        var manifest = manifests.get(digest);
        try {
            return manifest != null ? manifest : Files.readAllBytes(file(digest));
        } catch (IOException e) {
            throw ImageManifest.broken(digest, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public InputStream blob(String digest, long mostBytes) throws IOException {
        return Files.newInputStream(file(digest));
    }

    private Path file(String digest) throws IOException {
        var blob = blobs.get(digest);
        if (blob == null) {
            throw new IOException("the archive holds no blob " + digest);
        }
        return blob;
    }

    private void unpack(Path tar) throws IOException {
        try (var raw = new BufferedInputStream(Files.newInputStream(tar), 1 << 16);
                var in = new TarArchiveInputStream(unzipped(raw), "UTF-8")) {
            for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (names.size() + links.size() >= MOST_FILES) {
                    throw new IOException("more than " + MOST_FILES + " files");
                }
                var name = path(entry.getName());
                if (entry.isSymbolicLink()) {
                    // docker save links equal layers: `LAYER/layer.tar -> ../OTHER/layer.tar`.
                    links.put(name, path(name + "/../" + entry.getLinkName()));
                } else if (entry.isLink()) {
                    links.put(name, path(entry.getLinkName()));
                } else if (entry.isFile()) {
                    keep(name, in);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("it is no tar, or a damaged one", e);
        }
    }

    /// Equal files, of whatever names, are one blob.
    private void keep(String name, InputStream in) throws IOException {
        var digest = Sha256.begin();
        var file = spool.resolve("f" + names.size());
        Files.copy(new DigestInputStream(in, digest), file);
        var text = "sha256:" + HexFormat.of().formatHex(digest.digest());
        names.put(name, text);
        if (blobs.putIfAbsent(text, file) != null) {
            Files.delete(file);
        }
    }

    /// A name within the archive, by its text alone: it is only looked up.
    private static String path(String name) {
        var parts = new ArrayDeque<String>();
        for (var part : name.split("/")) {
            if (part.equals("..")) {
                parts.pollLast();
            } else if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        return String.join("/", parts);
    }

    private Optional<String> digest(String name) {
        var at = path(name);
        for (var hops = 0; hops < MOST_LINKS && links.containsKey(at); hops++) {
            at = links.get(at);
        }
        return Optional.ofNullable(names.get(at));
    }

    private static InputStream unzipped(BufferedInputStream in) throws IOException {
        in.mark(2);
        var gzip = in.read() == 0x1f && in.read() == 0x8b;
        in.reset();
        return gzip ? new GZIPInputStream(in, 1 << 16) : in;
    }

    private void readLayout() throws IOException {
        for (var entry : json("index.json").path("manifests")) {
            var annotations = entry.path("annotations");
            var name = annotations.path("io.containerd.image.name").asText("");
            if (name.isEmpty()) {
                name = annotations.path("org.opencontainers.image.ref.name").asText("");
            }
            if (!name.isEmpty()) {
                references.put(name, entry.path("digest").asText());
            }
        }
    }

    /// `docker save` knows no manifest with digests, so one is written here.
    private void readDockerSave() throws IOException {
        for (var image : json("manifest.json")) {
            var manifest = JSON.createObjectNode();
            manifest.put("schemaVersion", 2);
            manifest.put("mediaType", "application/vnd.oci.image.manifest.v1+json");
            manifest.set("config", descriptor(image.path("Config").asText()));
            var layers = manifest.putArray("layers");
            for (var layer : image.path("Layers")) {
                layers.add(descriptor(layer.asText()));
            }
            var bytes = JSON.writeValueAsBytes(manifest);
            var digest = ImageManifest.digest(bytes);
            manifests.put(digest, bytes);
            for (var tag : image.path("RepoTags")) {
                references.put(tag.asText(), digest);
            }
        }
    }

    private ObjectNode descriptor(String name) throws IOException {
        var digest = digest(name);
        if (digest.isEmpty()) {
            throw new IOException("manifest.json names \"" + name + "\", which is not there");
        }
        var descriptor = JSON.createObjectNode();
        descriptor.put("digest", digest.get());
        descriptor.put("size", Files.size(file(digest.get())));
        return descriptor;
    }

    private JsonNode json(String name) throws IOException {
        var digest = digest(name);
        if (digest.isEmpty()) {
            throw new IOException("the archive holds no " + name);
        }
        try {
            return JSON.readTree(Files.readAllBytes(file(digest.get())));
        } catch (JsonProcessingException e) {
            throw new IOException(name + " is no JSON: " + e.getOriginalMessage(), e);
        }
    }
}
