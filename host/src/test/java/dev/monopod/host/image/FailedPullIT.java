package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.host.image.ImageRecords.Stored;
import dev.monopod.host.image.ImageStore.PullIdentity;
import dev.monopod.host.image.ImageStore.PullPolicy;
import dev.monopod.host.image.ImageStore.PullProgress;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import dev.monopod.host.image.LocalRegistry.Layer;
import dev.monopod.host.image.RegistryConfiguration.RegistrySettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What pulls and loads leave behind that end before their image is whole: nothing, and what a
/// reference meant before.
final class FailedPullIT {
    private static final PullIdentity ANYONE = PullIdentity.anyone();

    @TempDir private Path directory;
    private LocalRegistry registry;
    private String app;

    /// By their content, since a tar holds the time of its making.
    private final Map<String, byte[]> tars = new HashMap<>();

    @BeforeEach
    void start() throws IOException {
        assumeTrue(Files.exists(LocalRegistry.PROGRAM), "no " + LocalRegistry.PROGRAM);
        assumeTrue(Files.exists(LocalRegistry.PROGRAMS), "no " + LocalRegistry.PROGRAMS);
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        registry = new LocalRegistry(Files.createDirectory(directory.resolve("registry")), false);
        app = registry.name() + "/app:1";
    }

    @AfterEach
    void stop() {
        if (registry != null) {
            registry.close();
        }
    }

    @Test
    void aReferenceWhosePullFailedIsNotRecorded() throws IOException {
        push("content");
        damage("content");
        var store = store();

        assertThatExceptionOfType(ImageException.class).isThrownBy(() -> pull(store));

        assertNothingIsRecorded(store);
    }

    @Test
    void aPullThatFailsLeavesTheReferenceToTheImageOfBefore() throws Exception {
        push("old");
        var store = store();
        var old = pull(store);
        push("new");
        damage("new");

        assertThatExceptionOfType(ImageException.class).isThrownBy(() -> pull(store));

        assertThat(recorded(store)).isEqualTo(old.digest());
        mend("new");
        assertThat(recorded(store())).isEqualTo(old.digest());
        assertThat(pull(store).digest()).isEqualTo(recorded(store)).isNotEqualTo(old.digest());
    }

    @Test
    void aPullThatIsCancelledIsNotRecorded() throws Exception {
        push("content");
        var store = store();
        var began = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var pull =
                    threads.submit(() ->
                            pull(
                                    store,
                                    _ -> {
                                        began.countDown();
                                        hang();
                                    }));
            began.await();
            threads.shutdownNow();

            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> pull.get(20, TimeUnit.SECONDS))
                    .withMessageContaining("interrupted");
        }

        assertNothingIsRecorded(store);
        assertThat(recordedAfter(store, pull(store))).isTrue();
    }

    private static void hang() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aPullThatFillsTheDiskIsNotRecordedAndGivesItsRoomBack() throws Exception {
        var noise = new byte[12 << 20];
        new Random(1).nextBytes(noise);
        push(new Tars().file("f", noise).bytes());
        Files.createDirectories(images());
        run("mount", "-t", "tmpfs", "-o", "size=32m", "mp-image-test", images().toString());
        try {
            // Room for the layer and the packed image, not for the disk too.
            var store = store(new Room(images(), () -> new Room.Space(64L << 30, 32L << 30)));

            assertThatExceptionOfType(ImageException.class)
                    .isThrownBy(() -> pull(store))
                    .withMessageContaining(app)
                    .withMessageContaining("No space left on device");

            assertNothingIsRecorded(store);
            assertThat(Room.space(images()).usable()).isGreaterThan(31 << 20);
            assertThat(store.all()).singleElement().matches(image -> !image.whole());
            run("mount", "-o", "remount,size=64m", images().toString());
            assertThat(recordedAfter(store, pull(store))).isTrue();
        } finally {
            run("umount", images().toString());
        }
    }

    @Test
    void ofTwoPullsOfAReferenceTheOneThatSucceedsIsRecorded() throws Exception {
        push("old");
        var store = store();
        var old = store.resolve(app, PullPolicy.ALWAYS, ANYONE);
        push("new");
        var fresh = store.resolve(app, PullPolicy.ALWAYS, ANYONE);
        damage("new");

        assertThatExceptionOfType(ImageException.class)
                .isThrownBy(() -> store.fetch(fresh, ANYONE, _ -> {}));
        assertNothingIsRecorded(store);
        store.fetch(old, ANYONE, _ -> {});

        assertThat(recorded(store)).isEqualTo(old.digest());
        mend("new");
        store.fetch(fresh, ANYONE, _ -> {});
        assertThat(recorded(store)).isEqualTo(fresh.digest());
    }

    @Test
    void aPullThatEndsLateDoesNotTakeTheReferenceBack() throws Exception {
        push("old");
        var store = store();
        var old = store.resolve(app, PullPolicy.ALWAYS, ANYONE);
        push("new");
        var fresh = store.resolve(app, PullPolicy.ALWAYS, ANYONE);

        store.fetch(fresh, ANYONE, _ -> {});
        store.fetch(old, ANYONE, _ -> {});

        assertThat(recorded(store)).isEqualTo(fresh.digest());
    }

    @Test
    void aPullThatAnEarlierProcessBeganIsRecorded() throws Exception {
        push("content");
        var begun = store().resolve(app, PullPolicy.ALWAYS, ANYONE);
        var later = store();

        later.fetch(begun, ANYONE, _ -> {});

        assertThat(recordedAfter(later, begun)).isTrue();
    }

    @Test
    void aLoadThatFailsRecordsNoneOfItsImages() throws Exception {
        var good = tar("content");
        var config = config(good);
        var archive =
                Files.write(
                        directory.resolve("two.tar"),
                        new Tars()
                                .file("good.tar", good)
                                .file("bad.tar", tar("other"))
                                .file("config", config)
                                .file(
                                        "manifest.json",
                                        "[%s,%s]"
                                                .formatted(
                                                        entry("good", config),
                                                        entry("bad", config)))
                                .bytes());
        var store = store();

        assertThatExceptionOfType(ImageException.class)
                .isThrownBy(() -> store.load(archive))
                .withMessageContaining("layer 0");

        assertThat(store.all()).isEmpty();
        assertThat(images().resolve("references.json")).doesNotExist();
    }

    private static String config(byte[] layer) {
        return "{\"rootfs\":{\"diff_ids\":[\"%s\"]}}".formatted(ImageManifest.digest(layer));
    }

    private static String entry(String name, String config) {
        return "{\"Config\":\"config\",\"RepoTags\":[\"%s:1\"],\"Layers\":[\"%s.tar\"]}"
                .formatted(name, name);
    }

    private Path images() {
        return directory.resolve("images");
    }

    private OciImageStore store() throws IOException {
        return store(new Room(Files.createDirectories(images())));
    }

    private OciImageStore store(Room room) {
        var plain = new RegistrySettings(registry.name(), true, null, null, null, null, null, null);
        return new OciImageStore(
                images(),
                new ImageJail(images(), LocalRegistry.PROGRAMS),
                () -> new RegistryConfiguration(List.of(plain)),
                CredentialPluginSettings.none(),
                room);
    }

    private byte[] tar(String content) throws IOException {
        if (!tars.containsKey(content)) {
            tars.put(content, new Tars().file("f", content).bytes());
        }
        return Objects.requireNonNull(tars.get(content));
    }

    private void push(String content) throws IOException {
        push(tar(content));
    }

    private void push(byte[] tar) throws IOException {
        registry.image("app", "1", Layer.gzip(tar));
    }

    private void damage(String content) throws IOException {
        var layer = Layer.gzip(tar(content)).shipped();
        var damaged = layer.clone();
        damaged[damaged.length / 2] ^= 1;
        Files.write(registry.stored(ImageManifest.digest(layer)), damaged);
    }

    private void mend(String content) throws IOException {
        var layer = Layer.gzip(tar(content)).shipped();
        Files.write(registry.stored(ImageManifest.digest(layer)), layer);
    }

    private ResolvedImage pull(OciImageStore store) {
        return pull(store, _ -> {});
    }

    private ResolvedImage pull(OciImageStore store, Consumer<PullProgress> progress) {
        var image = store.resolve(app, PullPolicy.ALWAYS, ANYONE);
        store.fetch(image, ANYONE, progress);
        return image;
    }

    /// What the reference means without asking the registry.
    private String recorded(OciImageStore store) {
        return store.resolve(app, PullPolicy.NEVER, ANYONE).digest();
    }

    private boolean recordedAfter(OciImageStore store, ResolvedImage image) {
        return recorded(store).equals(image.digest());
    }

    private void assertNothingIsRecorded(OciImageStore store) throws IOException {
        assertThat(store.all()).allMatch(image -> image.references().isEmpty());
        assertThat(store.all()).noneMatch(Stored::whole);
        assertThat(images().resolve("references.json")).doesNotExist();
        try (var files = Files.list(images())) {
            assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("spool"));
        }
    }

    private static void run(String... command) {
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(text).isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
