package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.host.image.ImageStore.PullIdentity;
import dev.monopod.host.image.ImageStore.PullPolicy;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import dev.monopod.host.image.LocalRegistry.Layer;
import dev.monopod.host.image.RegistryConfiguration.RegistrySettings;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pulls from a real registry, and what may happen to an image before and after.
final class ImageCareIT {
    @TempDir private Path directory;

    @BeforeEach
    void needsTheRegistry() {
        assumeTrue(Files.exists(LocalRegistry.PROGRAM), "no " + LocalRegistry.PROGRAM);
        assumeTrue(Files.exists(LocalRegistry.PROGRAMS), "no " + LocalRegistry.PROGRAMS);
    }

    private final List<String> made = new CopyOnWriteArrayList<>();

    private OciImageStore store() {
        return store(CredentialPluginSettings.none());
    }

    private OciImageStore store(CredentialPluginSettings plugins, RegistrySettings... settings) {
        return new OciImageStore(
                directory.resolve("images"),
                LocalRegistry.PROGRAMS,
                () -> configuration(settings),
                plugins);
    }

    /// These settings, and by plain HTTP every registry that a test has made.
    private RegistryConfiguration configuration(RegistrySettings... settings) {
        var all = new ArrayList<>(List.of(settings));
        for (var name : made) {
            if (all.stream().noneMatch(one -> one.registry().equals(name))) {
                all.add(new RegistrySettings(name, true, null, null, null, null, null, null));
            }
        }
        return new RegistryConfiguration(all);
    }

    private LocalRegistry registry(boolean authenticated) throws IOException {
        var registry =
                new LocalRegistry(Files.createTempDirectory(directory, "registry"), authenticated);
        made.add(registry.name());
        return registry;
    }

    private static Layer layer(String content) throws IOException {
        return Layer.gzip(new Tars().file("f", content).bytes());
    }

    private static ResolvedImage pull(ImageStore store, String reference, PullIdentity identity) {
        var image = store.resolve(reference, PullPolicy.IF_NOT_PRESENT, identity);
        store.fetch(image, identity, _ -> {});
        return image;
    }

    private static ResolvedImage pull(ImageStore store, String reference) {
        return pull(store, reference, PullIdentity.anyone());
    }

    private static void flip(Path disk) throws IOException {
        Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("rw-r--r--"));
        try (var channel = FileChannel.open(disk, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}), 120);
        }
    }

    @Test
    void aDamagedDiskIsPulledAgainIntoAnotherFile() throws Exception {
        try (var registry = registry(false)) {
            registry.image("app", "1", layer("content"));
            var image = pull(store(), registry.name() + "/app:1");
            var inode = Files.getAttribute(image.disk(), "unix:ino");
            // As a machine does; else the file system may give the number to the next file.
            var held = FileChannel.open(image.disk(), StandardOpenOption.READ);
            flip(image.disk());
            var later = store();

            assertThat(
                            later.resolve(
                                            registry.name() + "/app:1",
                                            PullPolicy.IF_NOT_PRESENT,
                                            PullIdentity.anyone())
                                    .present())
                    .isFalse();
            pull(later, registry.name() + "/app:1");

            assertThat(content(image, "f")).isEqualTo("content");
            assertThat(Files.getAttribute(image.disk(), "unix:ino")).isNotEqualTo(inode);
            held.close();
        }
    }

    @Test
    void whatAKilledAgentLeftIsRemovedAndPulledAgain() throws Exception {
        try (var registry = registry(false)) {
            registry.image("app", "1", layer("content"));
            var images = directory.resolve("images");
            var reference = registry.name() + "/app:1";
            var begun =
                    store().resolve(reference, PullPolicy.IF_NOT_PRESENT, PullIdentity.anyone());
            // Killed after half of the disk was written.
            Files.setPosixFilePermissions(
                    begun.disk(), PosixFilePermissions.fromString("rw-r--r--"));
            try (var channel = FileChannel.open(begun.disk(), StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap("garbage".getBytes(StandardCharsets.UTF_8)), 5000);
            }
            var left = Files.createDirectories(images.resolve("spool-999999999-x"));
            Files.writeString(left.resolve("layer"), "half");
            var process = new ProcessBuilder("sleep", "60").start();
            var others = Files.createDirectories(images.resolve("spool-" + process.pid() + "-y"));

            var later = store();
            later.removeAbandoned();
            var image = pull(later, reference);

            process.destroyForcibly();
            assertThat(left).doesNotExist();
            assertThat(others).exists();
            assertThat(content(image, "f")).isEqualTo("content");
            assertThat(image.disk()).isEqualTo(begun.disk());
        }
    }

    /// By hand, beside the agent: before its layers come, while they come, and when a machine has
    /// it.
    @Test
    void anImageThatIsRemovedWhileItIsPulledIsWholeInTheEnd() throws Exception {
        try (var registry = registry(false)) {
            registry.image("app", "1", layer("content"), Layer.gzip(new byte[1 << 20]));
            var reference = registry.name() + "/app:1";
            var store = store();
            var image = store.resolve(reference, PullPolicy.IF_NOT_PRESENT, PullIdentity.anyone());
            var byHand = new StoredImages(directory.resolve("images"), LocalRegistry.PROGRAMS);
            assertThat(byHand.remove(image.digest())).isEqualTo(image.digest());
            new SquashfsDisk(image.disk()).reserve();
            var removed = new AtomicInteger();

            store.fetch(
                    image,
                    PullIdentity.anyone(),
                    _ -> {
                        if (Files.exists(image.disk())) {
                            assertThatCode(() -> byHand.remove(image.digest()))
                                    .doesNotThrowAnyException();
                            removed.incrementAndGet();
                        }
                    });

            assertThat(removed).hasPositiveValue();
            assertThat(store.present(image)).isTrue();
            assertThat(content(image, "f")).isEqualTo("content");
            try (var _ = FileChannel.open(image.disk(), StandardOpenOption.READ)) {
                assertThatThrownBy(() -> byHand.remove(image.digest()))
                        .hasMessage("image \"" + image.digest() + "\" is used by a machine");
            }
            assertThat(store.present(image)).isTrue();
        }
    }

    @Test
    void fileCapabilitiesAreInTheDisk() throws Exception {
        try (var registry = registry(false)) {
            byte[] value = {
                1, 0, 0, 2, (byte) 0x80, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
            };
            registry.image(
                    "app",
                    "1",
                    Layer.gzip(new Tars().file("ping", "x", "security.capability", value).bytes()));

            var image = pull(store(), registry.name() + "/app:1");

            var out = directory.resolve("out");
            output("unsquashfs", "-no-progress", "-d", out.toString(), image.disk().toString());
            assertThat(output("getcap", out.resolve("ping").toString()))
                    .contains("cap_setuid,cap_net_raw=ep");
        }
    }

    @Test
    void aPrivateImageIsNotForWhoeverHasNoCredentials() throws Exception {
        try (var registry = registry(true)) {
            registry.image("app", "1", layer("content"));
            var reference = registry.name() + "/app:1";
            var owner =
                    PullIdentity.with(
                            List.of(
                                    new RegistryCredential(
                                            registry.name() + "/app",
                                            LocalRegistry.USER,
                                            LocalRegistry.PASSWORD)));
            var store = store();
            pull(store, reference, owner);

            assertThat(store.resolve(reference, PullPolicy.NEVER, owner).present()).isTrue();
            assertThatExceptionOfType(ImageException.class)
                    .isThrownBy(() -> pull(store, reference))
                    .withMessageContaining("401");
            assertThatExceptionOfType(ImageException.class)
                    .isThrownBy(
                            () -> store.resolve(reference, PullPolicy.NEVER, PullIdentity.anyone()))
                    .withMessageContaining("is not present with pull policy of Never");
        }
    }

    @Test
    void mirrorsAreAskedFirstAndTheRegistryLast() throws Exception {
        try (var mirror = registry(true);
                var registry = registry(false)) {
            mirror.image("app", "1", layer("from the mirror"));
            registry.image("app", "1", layer("from the registry"));
            registry.image("app", "2", layer("not in the mirror"));
            var settings =
                    new RegistrySettings(
                            registry.name(),
                            true,
                            null,
                            "127.0.0.1:1",
                            List.of(mirror.name()),
                            null,
                            null,
                            null);
            var login =
                    new RegistrySettings(
                            mirror.name(),
                            true,
                            null,
                            null,
                            null,
                            LocalRegistry.USER,
                            LocalRegistry.PASSWORD,
                            null);
            var store = store(CredentialPluginSettings.none(), settings, login);

            assertThat(content(pull(store, registry.name() + "/app:1"), "f"))
                    .isEqualTo("from the mirror");
            assertThat(content(pull(store, registry.name() + "/app:2"), "f"))
                    .isEqualTo("not in the mirror");
            assertThatExceptionOfType(ImageException.class)
                    .isThrownBy(() -> pull(store, registry.name() + "/app:3"))
                    .withMessageContainingAll("127.0.0.1:1", mirror.name(), registry.name(), "404");
        }
    }

    @Test
    void aPluginBringsTheCredentialsOfAnExecutionRole() throws Exception {
        try (var registry = registry(true)) {
            registry.image("app", "1", layer("content"));
            var reference = registry.name() + "/app:1";
            var store =
                    store(
                            plugin(
                                    """
                                    echo run >>%s
                                    [ "$AWS_ROLE_ARN" = arn:aws:iam::1:role/pods ] || { echo "no role: $AWS_ROLE_ARN" >&2; exit 3; }
                                    [ "$1 $REGION" = "get-credentials us-west-2" ] || exit 4
                                    request=$(cat)
                                    case $request in *'"kind":"CredentialProviderRequest"'*'"image":"%s"'*) ;; *) exit 5 ;; esac
                                    printf '{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1","cacheKeyType":"Registry","cacheDuration":"6h","auth":{"127.0.*.1:%s":{"username":"%s","password":"%s"}}}'
                                    """
                                            .formatted(
                                                    directory.resolve("runs"),
                                                    reference,
                                                    registry.name().split(":", 2)[1],
                                                    LocalRegistry.USER,
                                                    LocalRegistry.PASSWORD)));

            var image = pull(store, reference, role("arn:aws:iam::1:role/pods"));

            assertThat(content(image, "f")).isEqualTo("content");
            assertThat(Files.readAllLines(directory.resolve("runs"))).hasSize(1);
            assertThatExceptionOfType(ImageException.class)
                    .isThrownBy(() -> pull(store, reference, role("arn:aws:iam::1:role/other")))
                    .withMessageContainingAll(
                            "401", "exit code 3", "no role: arn:aws:iam::1:role/other");
        }
    }

    private static PullIdentity role(String arn) {
        return new PullIdentity() {
            @Override
            public List<RegistryCredential> secrets() {
                return List.of();
            }

            @Override
            public String executionRole() {
                return arn;
            }
        };
    }

    private CredentialPluginSettings plugin(String script) throws IOException {
        var folder = Files.createDirectories(directory.resolve("plugins"));
        var program = Files.writeString(folder.resolve("ecr-like"), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        var file =
                Files.writeString(
                        directory.resolve("config.yaml"),
                        """
                        apiVersion: kubelet.config.k8s.io/v1
                        kind: CredentialProviderConfig
                        providers:
                          - name: ecr-like
                            matchImages: ["*.0.0.1", "127.0.*.1:%s"]
                            defaultCacheDuration: "12h"
                            apiVersion: credentialprovider.kubelet.k8s.io/v1
                            args: [get-credentials]
                            env: [{name: REGION, value: us-west-2}]
                        """
                                .formatted(
                                        script.replaceAll(
                                                "(?s).*127\\.0\\.\\*\\.1:([0-9]+).*", "$1")));
        return CredentialPluginSettings.read(file, folder);
    }

    @Test
    void aPullLeavesTheReserveOfAFullDisk() throws Exception {
        try (var registry = registry(false)) {
            registry.image("app", "1", layer("content"));
            var images = Files.createDirectories(directory.resolve("images"));
            var full = new Room(images, () -> new Room.Space(100L << 30, (1L << 30) + 5));
            var store =
                    new OciImageStore(
                            images,
                            new ImageJail(images, LocalRegistry.PROGRAMS),
                            this::configuration,
                            CredentialPluginSettings.none(),
                            full);

            assertThatExceptionOfType(ImageException.class)
                    .isThrownBy(() -> pull(store, registry.name() + "/app:1"))
                    .withMessageContainingAll(
                            "the host's disk is nearly full",
                            "has no room for",
                            "1024 MiB that stay");
            assertThat(images.toFile().list()).noneMatch(name -> name.startsWith("spool-"));
        }
    }

    @Test
    void collectsWhatNoMachineHasAndKeepsWhatOneHasOpen() throws Exception {
        try (var registry = registry(false)) {
            var store = store();
            for (var name : List.of("open", "wanted", "unused")) {
                registry.image(name, "1", layer(name));
            }
            var open = pull(store, registry.name() + "/open:1");
            var wanted = pull(store, registry.name() + "/wanted:1");
            var unused = pull(store, registry.name() + "/unused:1");
            var collector =
                    new ImageCollector(
                            store,
                            new ImageGarbage(85, 80, Duration.ofMinutes(2)),
                            () -> Set.of(wanted.disk()),
                            () -> new Room.Space(1000, 0),
                            Clock.offset(Clock.systemUTC(), Duration.ofMinutes(3)),
                            new Loops(Clock.systemUTC(), new Random(1)));

            var machine =
                    new ProcessBuilder("sleep", "60").redirectInput(open.disk().toFile()).start();
            collector.collect(NO_SIGNS);
            machine.destroyForcibly();

            assertThat(store.present(open)).isTrue();
            assertThat(store.present(wanted)).isTrue();
            assertThat(store.present(unused)).isFalse();
            assertThat(unused.disk()).doesNotExist();
            pull(store, registry.name() + "/unused:1");
            assertThat(content(unused, "f")).isEqualTo("unused");
        }
    }

    @Test
    void aWrongEntryInTheSettingsFailsThePullWithItsReason() throws Exception {
        var file = Files.writeString(directory.resolve("registries.json"), "[{\"registry\":\"\"}]");
        var store =
                new OciImageStore(
                        directory.resolve("images"),
                        LocalRegistry.PROGRAMS,
                        () -> RegistryConfiguration.read(file),
                        CredentialPluginSettings.none());

        assertThatExceptionOfType(ImageException.class)
                .isThrownBy(() -> pull(store, "127.0.0.1:1/app"))
                .withMessageContainingAll("registries.json", "entry 1", "HOST or HOST:PORT");
    }

    private static String content(ResolvedImage image, String path) throws Exception {
        return output("unsquashfs", "-cat", image.disk().toString(), path);
    }

    private static String output(String... command) throws Exception {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isZero();
        return text;
    }

    private static final Loop.Signs NO_SIGNS =
            new Loop.Signs() {
                @Override
                public void waits() {}

                @Override
                public void works() {}

                @Override
                public void succeeds() {}
            };
}
