package dev.monopod.host.image;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.awaitility.Awaitility;

/// Debian's docker-registry on a free port of loopback, and what it takes to fill it by its API.
final class LocalRegistry implements AutoCloseable {
    static final Path PROGRAM = Path.of("/usr/bin/docker-registry");

    /// Where the build puts what unpacks images.
    static final Path PROGRAMS = Path.of("../dist/guest").toAbsolutePath().normalize();

    static final String USER = "user";
    static final String PASSWORD = "secret";

    /// Bcrypt of [#PASSWORD].
    private static final String HASH =
            "$2b$05$2Y3L.3IF5o6tue2lUXJ5qeDrgGfCaoD0.7jTaAtGVI5sOTSSZpO6.";

    private final Path directory;
    private final int port;
    private final boolean authenticated;
    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();

    /// One layer, as it is and as it is shipped.
    record Layer(String mediaType, byte[] shipped, String diffId) {
        static Layer gzip(byte[] tar) throws IOException {
            var bytes = new ByteArrayOutputStream();
            try (var out = new GZIPOutputStream(bytes)) {
                out.write(tar);
            }
            return new Layer(
                    "application/vnd.oci.image.layer.v1.tar+gzip",
                    bytes.toByteArray(),
                    ImageManifest.digest(tar));
        }

        static Layer zstd(byte[] tar) {
            return new Layer(
                    "application/vnd.oci.image.layer.v1.tar+zstd",
                    Zstd.compress(tar),
                    ImageManifest.digest(tar));
        }
    }

    LocalRegistry(Path directory, boolean authenticated) throws IOException {
        this.directory = directory;
        this.authenticated = authenticated;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.port = free.getLocalPort();
        }
        var configuration =
                "version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: \"127.0.0.1:%d\"}\n"
                        .formatted(directory.resolve("data"), port);
        if (authenticated) {
            var users = directory.resolve("users");
            Files.writeString(users, USER + ":" + HASH + "\n");
            configuration += "auth: {htpasswd: {realm: test, path: %s}}\n".formatted(users);
        }
        var file = directory.resolve("config.yml");
        Files.writeString(file, configuration);
        this.process =
                new ProcessBuilder(PROGRAM.toString(), "serve", file.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("log").toFile())
                        .start();
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .ignoreExceptions()
                .until(() -> send(request("/v2/").GET()).statusCode() == 200);
    }

    /// `127.0.0.1:PORT`
    String name() {
        return "127.0.0.1:" + port;
    }

    /// Pushes an image; returns its manifest's digest.
    String image(String repository, String tag, Layer... layers) throws IOException {
        var parts = new ArrayList<String>();
        var diffIds = new ArrayList<String>();
        for (var layer : layers) {
            var digest = blob(repository, layer.shipped());
            parts.add(descriptor(layer.mediaType(), digest, layer.shipped().length));
            diffIds.add('"' + layer.diffId() + '"');
        }
        var config =
                "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"A=b\"],\"Cmd\":[\"run\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}"
                        .formatted(String.join(",", diffIds))
                        .getBytes(StandardCharsets.UTF_8);
        var manifest =
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":%s,\"layers\":[%s]}"
                        .formatted(
                                descriptor(
                                        "application/vnd.oci.image.config.v1+json",
                                        blob(repository, config),
                                        config.length),
                                String.join(",", parts));
        return manifest(repository, tag, "application/vnd.oci.image.manifest.v1+json", manifest);
    }

    /// Pushes an index that names the image for amd64, the other for arm64 and, as BuildKit does,
    /// an attestation, for which that other stands.
    String index(String repository, String tag, String amd64, String arm64) throws IOException {
        var entries = new ArrayList<String>();
        for (var platform :
                List.of(
                        "unknown unknown " + arm64,
                        "linux arm64 " + arm64,
                        "linux amd64 " + amd64)) {
            var words = platform.split(" ", 3);
            entries.add(
                    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\",\"size\":%d,\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\"}}"
                            .formatted(words[2], size(repository, words[2]), words[0], words[1]));
        }
        return manifest(
                repository,
                tag,
                "application/vnd.oci.image.index.v1+json",
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[%s]}"
                        .formatted(String.join(",", entries)));
    }

    /// Where the registry keeps a blob's content.
    Path stored(String digest) {
        var hex = digest.substring("sha256:".length());
        return directory.resolve(
                "data/docker/registry/v2/blobs/sha256/%s/%s/data"
                        .formatted(hex.substring(0, 2), hex));
    }

    private static String descriptor(String mediaType, String digest, int size) {
        return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
                .formatted(mediaType, digest, size);
    }

    private String blob(String repository, byte[] content) throws IOException {
        var digest = ImageManifest.digest(content);
        var begun =
                send(
                        request("/v2/" + repository + "/blobs/uploads/")
                                .POST(BodyPublishers.noBody()));
        var place = begun.headers().firstValue("Location").orElseThrow();
        var separator = place.contains("?") ? "&" : "?";
        var done =
                send(
                        authorized(
                                        HttpRequest.newBuilder(
                                                URI.create(place + separator + "digest=" + digest)))
                                .PUT(BodyPublishers.ofByteArray(content)));
        if (done.statusCode() != 201) {
            throw new IOException("blob: " + done.statusCode() + " " + done.body());
        }
        return digest;
    }

    private String manifest(String repository, String tag, String mediaType, String content)
            throws IOException {
        var done =
                send(
                        request("/v2/" + repository + "/manifests/" + tag)
                                .header("Content-Type", mediaType)
                                .PUT(BodyPublishers.ofString(content)));
        if (done.statusCode() != 201) {
            throw new IOException("manifest: " + done.statusCode() + " " + done.body());
        }
        return ImageManifest.digest(content);
    }

    private int size(String repository, String digest) throws IOException {
        return send(request("/v2/" + repository + "/manifests/" + digest)
                        .header("Accept", "application/vnd.oci.image.manifest.v1+json")
                        .GET())
                .body()
                .length();
    }

    private HttpRequest.Builder request(String path) {
        return authorized(HttpRequest.newBuilder(URI.create("http://" + name() + path)));
    }

    private HttpRequest.Builder authorized(HttpRequest.Builder request) {
        return authenticated
                ? request.header(
                        "Authorization",
                        "Basic "
                                + java.util.Base64.getEncoder()
                                        .encodeToString(
                                                (USER + ":" + PASSWORD)
                                                        .getBytes(StandardCharsets.UTF_8)))
                : request;
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
        try {
            return http.send(request.build(), BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        http.close();
    }
}
