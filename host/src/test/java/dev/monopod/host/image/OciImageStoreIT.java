package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.host.image.ImageStore.PullIdentity;
import dev.monopod.host.image.ImageStore.PullPolicy;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import dev.monopod.host.image.LocalRegistry.Layer;
import dev.monopod.host.image.RegistryConfiguration.RegistrySettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pulls from a real registry; squashfs-tools look into the disks.
final class OciImageStoreIT {
    @TempDir private Path directory;
    private final List<RegistrySettings> named = new CopyOnWriteArrayList<>();
    private OciImageStore store;

    @BeforeEach
    void start() {
        assumeTrue(Files.exists(LocalRegistry.PROGRAM), "no " + LocalRegistry.PROGRAM);
        assumeTrue(Files.exists(LocalRegistry.PROGRAMS), "no " + LocalRegistry.PROGRAMS);
        store =
                new OciImageStore(
                        directory.resolve("images"),
                        LocalRegistry.PROGRAMS,
                        () -> new RegistryConfiguration(List.copyOf(named)),
                        CredentialPluginSettings.none());
    }

    @Test
    void mergesGzipAndZstdLayersOfThePlatformsImage() throws Exception {
        try (var registry = registry(false)) {
            var below =
                    Layer.gzip(
                            new Tars()
                                    .directory("a")
                                    .file("a/kept", "one")
                                    .file("a/gone", "x")
                                    .directory("b")
                                    .file("b/old", "x")
                                    .bytes());
            var above =
                    Layer.zstd(
                            new Tars()
                                    .file("a/.wh.gone", "")
                                    .file("b/.wh..wh..opq", "")
                                    .file("b/new", "two")
                                    .bytes());
            var amd64 = registry.image("team/app", "amd64", below, above);
            var arm64 = registry.image("team/app", "arm64", below);
            var index = registry.index("team/app", "1", amd64, arm64);

            var image = pull(registry.name() + "/team/app:1");

            assertThat(image.digest()).isEqualTo(amd64);
            assertThat(image.imageId()).isEqualTo(registry.name() + "/team/app@" + index);
            assertThat(image.config().command()).containsExactly("run");
            assertThat(content(image, "a/kept")).isEqualTo("one");
            assertThat(content(image, "b/new")).isEqualTo("two");
            assertThat(list(image)).doesNotContain("gone", "b/old", ".wh.");
            assertThat(Files.size(image.disk())).isEqualTo(ImageStore.DISK_BYTES);

            assertThat(pull(registry.name() + "/team/app@" + amd64).disk()).isEqualTo(image.disk());
        }
    }

    @Test
    void pullsOfManyImagesAtOnceDoNotDisturbEachOther() throws Exception {
        try (var registry = registry(false);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            registry.image("app", "1", Layer.gzip(new Tars().file("f", "x").bytes()));
            for (var n = 0; n < 8; n++) {
                registry.image("app" + n, "1", Layer.gzip(new Tars().file("f", "x" + n).bytes()));
            }

            var pulls =
                    IntStream.range(0, 8)
                            .mapToObj(n ->
                                    threads.submit(() -> pull(registry.name() + "/app" + n + ":1")))
                            .toList();

            for (var n = 0; n < 8; n++) {
                assertThat(content(pulls.get(n).get(), "f")).isEqualTo("x" + n);
            }
        }
    }

    @Test
    void twoPullsAtOnceGiveOneDisk() throws Exception {
        try (var registry = registry(false);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            registry.image("app", "1", Layer.gzip(new Tars().file("f", "x").bytes()));

            var first = threads.submit(() -> pull(registry.name() + "/app:1"));
            var second = threads.submit(() -> pull(registry.name() + "/app:1"));

            assertThat(first.get().disk()).isEqualTo(second.get().disk());
            assertThat(content(first.get(), "f")).isEqualTo("x");
        }
    }

    @Test
    void namesWhatTheRegistryDoesNotHave() throws Exception {
        try (var registry = registry(false)) {
            assertThatExceptionOfType(ImageException.class)
                    .isThrownBy(() -> pull(registry.name() + "/app:none"))
                    .withMessageContaining(registry.name() + "/app:none")
                    .withMessageContaining("404");
        }
    }

    @Test
    void refusesADamagedLayerAndHealsOnceItIsWhole() throws Exception {
        try (var registry = registry(false)) {
            var layer = Layer.gzip(new Tars().file("f", "content").bytes());
            registry.image("app", "1", layer);
            var stored = registry.stored(ImageManifest.digest(layer.shipped()));
            var damaged = layer.shipped().clone();
            damaged[damaged.length / 2] ^= 1;
            Files.write(stored, damaged);

            assertThatExceptionOfType(ImageException.class)
                    .isThrownBy(() -> pull(registry.name() + "/app:1"))
                    .withMessageContaining(ImageManifest.digest(layer.shipped()))
                    .withMessageContaining(ImageManifest.digest(damaged));
            Files.write(stored, layer.shipped());

            assertThat(content(pull(registry.name() + "/app:1"), "f")).isEqualTo("content");
        }
    }

    @Test
    void asksWithTheCredentialsOfTheRegistryOnly() throws Exception {
        try (var registry = registry(true)) {
            registry.image("app", "1", Layer.gzip(new Tars().file("f", "x").bytes()));
            var reference = registry.name() + "/app:1";
            var right =
                    new RegistryCredential(
                            registry.name(), LocalRegistry.USER, LocalRegistry.PASSWORD);
            var wrong = new RegistryCredential(registry.name(), LocalRegistry.USER, "wrong");
            var others =
                    new RegistryCredential("elsewhere", LocalRegistry.USER, LocalRegistry.PASSWORD);

            assertUnauthorized(reference, List.of());
            assertUnauthorized(reference, List.of(wrong));
            assertUnauthorized(reference, List.of(others));
            assertThat(content(pull(reference, List.of(wrong, right)), "f")).isEqualTo("x");
        }
    }

    private void assertUnauthorized(String reference, List<RegistryCredential> credentials) {
        assertThatExceptionOfType(ImageException.class)
                .isThrownBy(() -> pull(reference, credentials))
                .withMessageContaining("401")
                .withMessageContaining(reference);
    }

    @Test
    void wrongCredentialsAreNotHiddenByAPublicRepository() throws Exception {
        try (var registry = registry(false);
                var front = front(registry)) {
            registry.image("app", "1", Layer.gzip(new Tars().file("f", "x").bytes()));
            var reference = front.name() + "/app:1";

            assertUnauthorized(
                    reference,
                    List.of(new RegistryCredential(front.name(), LocalRegistry.USER, "wrong")));
            assertThat(content(pull(reference), "f")).isEqualTo("x");
        }
    }

    @Test
    void fetchesATokenWhereTheRegistrySendsIt() throws Exception {
        try (var registry = registry(false);
                var front = front(registry)) {
            registry.image("app", "1", Layer.gzip(new Tars().file("f", "x").bytes()));

            var image =
                    pull(
                            front.name() + "/app:1",
                            List.of(
                                    new RegistryCredential(
                                            front.name(),
                                            LocalRegistry.USER,
                                            LocalRegistry.PASSWORD)));

            assertThat(content(image, "f")).isEqualTo("x");
            assertThat(front.scopes()).contains("repository:app:pull");
        }
    }

    @Test
    void readsALayerAgainWhoseConnectionBroke() throws Exception {
        try (var registry = registry(false);
                var front = front(registry)) {
            registry.image("app", "1", Layer.gzip(new Tars().file("f", "x").bytes()));
            front.breakNextLayer();

            assertThat(content(pull(front.name() + "/app:1"), "f")).isEqualTo("x");
        }
    }

    private LocalRegistry registry(boolean authenticated) throws IOException {
        var registry =
                new LocalRegistry(Files.createTempDirectory(directory, "registry"), authenticated);
        name(registry.name());
        return registry;
    }

    private TokenFront front(LocalRegistry registry) throws IOException {
        var front = new TokenFront(registry.name());
        name(front.name());
        return front;
    }

    private void name(String registry) {
        named.add(new RegistrySettings(registry, true, null, null, null, null, null, null));
    }

    private ResolvedImage pull(String reference) {
        return pull(reference, List.of());
    }

    private ResolvedImage pull(String reference, List<RegistryCredential> credentials) {
        var identity = PullIdentity.with(credentials);
        var image = store.resolve(reference, PullPolicy.ALWAYS, identity);
        store.fetch(image, identity, _ -> {});
        return image;
    }

    private static String content(ResolvedImage image, String path) throws Exception {
        return output("unsquashfs", "-cat", image.disk().toString(), path);
    }

    private static String list(ResolvedImage image) throws Exception {
        return output("unsquashfs", "-l", image.disk().toString());
    }

    private static String output(String... command) throws Exception {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isZero();
        return text;
    }
}
