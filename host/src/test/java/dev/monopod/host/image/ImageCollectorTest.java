package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.LoopHealth;
import dev.monopod.model.loop.Loops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class ImageCollectorTest {
    private final AtomicReference<Instant> now =
            new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final Loops loops = new Loops(now::get, new Random(1));
    private final AtomicReference<Optional<Throwable>> trouble = new AtomicReference<>();

    @TempDir Path directory;

    /// An error ended it for good, in silence; the others were not to be seen.
    @ParameterizedTest
    @ValueSource(
            classes = {IOException.class, IllegalStateException.class, NoClassDefFoundError.class})
    void goesOnAndShowsThatItCannotLook(Class<? extends Throwable> kind) throws Exception {
        trouble.set(Optional.of(kind.getDeclaredConstructor(String.class).newInstance("no disk")));
        var store = new OciImageStore(directory, directory, new RegistryConfiguration(List.of()));
        try (var collector =
                new ImageCollector(
                        store,
                        new ImageGarbage(85, 80, Duration.ofMinutes(2)),
                        Set::of,
                        this::measure,
                        Clock.systemUTC(),
                        loops)) {
            collector.start();
            collector.nudge();
            await().until(() -> health().failures() > 0);
            now.updateAndGet(time -> time.plus(LoopHealth.PATIENCE));
            assertThat(LoopHealth.lines(loops.health()))
                    .singleElement()
                    .asString()
                    .startsWith("[-]image-collector failed: " + kind.getName() + ": no disk");

            trouble.set(Optional.empty());
            await().until(() -> health().fine() && health().lastSuccess().isPresent());
        }
    }

    /// Nothing would remove it for an hour.
    @Test
    void anImageThatWasUsedWhileTheClockWasAheadAgesFromNowOn() throws Exception {
        var store = new OciImageStore(directory, directory, new RegistryConfiguration(List.of()));
        var disk = store.disk("sha256:" + "a".repeat(64));
        Files.createDirectories(disk.getParent());
        Files.createFile(disk);
        trouble.set(Optional.empty());
        var ahead = Instant.now().plus(Duration.ofHours(1));
        Files.setLastModifiedTime(disk, FileTime.from(ahead));
        try (var collector =
                new ImageCollector(
                        store,
                        new ImageGarbage(85, 80, Duration.ofMinutes(2)),
                        Set::of,
                        this::measure,
                        Clock.systemUTC(),
                        loops)) {
            collector.collect(new NoSigns());
        }

        assertThat(Files.getLastModifiedTime(disk).toInstant())
                .isBefore(ahead.minus(Duration.ofMinutes(30)));
    }

    private record NoSigns() implements Loop.Signs {
        @Override
        public void waits() {}

        @Override
        public void works() {}

        @Override
        public void succeeds() {}
    }

    private LoopHealth health() {
        return loops.health().getFirst();
    }

    private Room.Space measure() throws IOException {
        if (trouble.get().isPresent()) {
            sneak(trouble.get().get());
        }
        return new Room.Space(1000, 900);
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable what) throws E {
        throw (E) what;
    }
}
