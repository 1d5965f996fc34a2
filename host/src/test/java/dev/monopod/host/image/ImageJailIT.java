package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.host.jail.JailUsers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an image can do that has taken over the program that reads it: a script stands for that
/// program.
final class ImageJailIT {
    private static final Path PROGRAMS = LocalRegistry.PROGRAMS;
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir private Path folder;
    private Path layers;
    private Path layer;

    @BeforeEach
    void needsRootAndTheJail() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        assumeTrue(Files.exists(PROGRAMS.resolve("monopod-layers")), "no monopod-layers");
        layers = Files.createDirectory(folder.resolve("layers"));
        layer = Files.write(layers.resolve("one"), new Tars().file("f", "content").bytes());
    }

    private Path images() {
        return folder.resolve("images");
    }

    private ImageJail jail(String script, Duration limit) throws IOException {
        var program = Files.writeString(folder.resolve("taken-over"), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new ImageJail(images(), PROGRAMS.resolve("monopod-jail"), program, limit);
    }

    private long pack(ImageJail jail) throws IOException {
        return jail.pack(layers, List.of(layer), List.of("sha256:0"), 1 << 20, Files::size);
    }

    /// What the script says at its end, run as the one who reads an image.
    private String said(String script) throws IOException {
        var jail = jail(script + "\necho >&2\necho \"$said\" >&2\nexit 1\n", LONG);
        try {
            return "packed: " + pack(jail);
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private void assertNothingIsLeft() throws IOException {
        try (var cells = Files.list(images().resolve("packing"))) {
            assertThat(cells).isEmpty();
        }
        var pid = ProcessHandle.current().pid();
        for (var hierarchy : List.of("", "memory", "cpu", "pids")) {
            var groups = Path.of("/sys/fs/cgroup", hierarchy, "monopod");
            if (Files.isDirectory(groups)) {
                try (var left = Files.newDirectoryStream(groups, "image-" + pid + "-*")) {
                    assertThat(left).isEmpty();
                }
            }
        }
    }

    @Test
    void itIsAUserOfItsOwnWithoutRights() throws IOException {
        var status =
                said(
                        "said=$(grep -E '^(Uid|Groups|Cap...|NoNewPrivs)' /proc/self/status | tr '\\n\\t' '  ')");

        var user = Long.parseLong(status.split(" ")[1]);
        assertThat(user)
                .isBetween(
                        JailUsers.Kind.IMAGE.first(),
                        JailUsers.Kind.IMAGE.first() + JailUsers.COUNT - 1);
        assertThat(status)
                .contains("CapEff: 0000000000000000", "CapBnd: 0000000000000000", "NoNewPrivs: 1");
    }

    @Test
    void itHasNoNetwork() throws IOException {
        assertThat(said("said=$(tail -n +3 /proc/self/net/dev | cut -d: -f1 | tr -d ' \\n')"))
                .isEqualTo("lo");
        assertThat(said("said=$(wc -l < /proc/self/net/route)")).isEqualTo("0");
    }

    @Test
    void itSeesNoFileOfTheHostAndWritesItsDiskAlone() throws IOException {
        var secret = Files.writeString(folder.resolve("secret"), "s");

        assertThat(
                        said(
                                "said=$(cat %s /etc/passwd /etc/shadow /sys/kernel/notes 2>&1 | grep -c 'No such file')"
                                        .formatted(secret)))
                .isEqualTo("4");
        assertThat(said("said=$(echo / /*)"))
                .matches("/( /(bin|dev|etc|lib|lib32|lib64|proc|sbin|tmp|usr|work|sys))+");
        assertThat(
                        said(
                                """
                                tries=0
                                for file in / /usr/x /x /tmp/x %1$s/x %2$s "$3" /dev/x; do
                                    (echo x > $file/x || echo x > $file) 2>/dev/null && said="$said $file"
                                    tries=$((tries + 1))
                                done
                                said="$said $tries"
                                """
                                        .formatted(layers, folder)))
                .isEqualTo("8");
        assertThat(pack(jail("echo packed > $1\n", LONG))).isEqualTo(7);
        assertThat(secret).hasContent("s");
    }

    @Test
    void itReachesNoProcessOfTheHost() throws Exception {
        var victim = new ProcessBuilder("sleep", "60").start();
        try {
            var script =
                    "kill -9 %d 2>/dev/null && said=killed\nkill -9 -1 2>/dev/null\nsaid=\"$said$(echo /proc/[0-9]*)\""
                            .formatted(victim.pid());
            assertThat(said(script)).startsWith("/proc/1").doesNotContain("/proc/" + victim.pid());
            assertThat(victim.isAlive()).isTrue();
        } finally {
            victim.destroyForcibly();
        }
    }

    @Test
    void whatItSaysIsShortAndPrintable() throws IOException {
        assertThat(said("said=$(printf 'a\\033[2Jb\\tc')")).isEqualTo("a?[2Jb?c");
        assertThat(said("said=$(head -c 9000 /dev/urandom | od -An -x | tr -d ' \\n')"))
                .hasSize(401);
        assertThat(said("head -c 3000000 /dev/urandom >&2")).hasSizeLessThan(402);
    }

    @Test
    void oneThatHangsIsEndedWithAllThatItStarted() throws IOException {
        var jail = jail("sleep 600 & sleep 600 & trap '' TERM; sleep 600\n", Duration.ofSeconds(1));

        assertThatThrownBy(() -> pack(jail)).hasMessageContaining("takes longer than");
        assertNothingIsLeft();
    }

    @Test
    void oneThatTakesMemoryOrProcessesWithoutEndIsBounded() throws IOException {
        assumeTrue(
                Files.exists(Path.of("/sys/fs/cgroup/memory"))
                        || Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers")),
                "no cgroup");

        assertThat(said("yes | tr -d '\\n' | tail -n 1"))
                .contains("the 768 MiB of memory that an image may have");
        assertThat(said("for i in $(seq 100); do sleep 60 & done 2>/dev/null; said=all"))
                .doesNotContain("all");
        assertNothingIsLeft();
    }

    @Test
    void oneThatIsKilledFailsItsImageAloneAndLeavesNothing() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var packing = threads.submit(() -> pack(jail("sleep 600\n", LONG)));
            Awaitility.await().until(() -> running().isPresent());
            running().orElseThrow().destroyForcibly();

            assertThatThrownBy(() -> packing.get(20, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("SIGKILL");
        }
        assertNothingIsLeft();
    }

    @Test
    void whatAKilledAgentLeftRunningIsEndedAndRemoved() throws Exception {
        // One of this process' number is of an earlier life.
        var pid = ProcessHandle.current().pid();
        var cell = images().resolve("packing").resolve("image-%d-0badcafe".formatted(pid));
        Files.createDirectories(images());
        var user = JailUsers.ofThisHost(JailUsers.Kind.IMAGE, cell.getParent()).claim(cell);
        Files.createFile(cell.resolve("disk"));
        var number = Long.toString(user);
        var left =
                new ProcessBuilder(
                                "setpriv",
                                "--reuid",
                                number,
                                "--regid",
                                number,
                                "--clear-groups",
                                "sleep",
                                "600")
                        .start();
        Awaitility.await().until(() -> running().isPresent());

        new ImageJail(images(), PROGRAMS).removeAbandoned();

        assertThat(left.waitFor(5, TimeUnit.SECONDS)).isTrue();
        assertNothingIsLeft();
    }

    @Test
    void aSmallDownloadThatBecomesALargeDiskIsGivenUp() throws IOException {
        var noise = new byte[4 << 20];
        new Random(1).nextBytes(noise);
        var tar = new Tars().file("noise", noise).bytes();
        try (var out = new GZIPOutputStream(Files.newOutputStream(layer))) {
            out.write(tar);
        }
        var jail = new ImageJail(images(), PROGRAMS);

        assertThatThrownBy(() ->
                        jail.pack(
                                layers,
                                List.of(layer),
                                List.of(ImageManifest.digest(tar)),
                                1 << 20,
                                Files::size))
                .hasMessageContaining("larger than a disk may be");
        assertThat(
                        jail.pack(
                                layers,
                                List.of(layer),
                                List.of(ImageManifest.digest(tar)),
                                8 << 20,
                                Files::size))
                .isGreaterThan(4 << 20);
        assertNothingIsLeft();
    }

    /// A process of the jail's user.
    private Optional<ProcessHandle> running() throws IOException {
        if (!Files.isDirectory(images().resolve("packing"))) {
            return Optional.empty();
        }
        try (var cells = Files.list(images().resolve("packing"))) {
            var cell = cells.findFirst();
            if (cell.isEmpty()) {
                return Optional.empty();
            }
            return JailUsers.processes(JailUsers.of(cell.get())).stream().findFirst();
        }
    }
}
