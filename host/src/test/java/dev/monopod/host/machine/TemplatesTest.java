package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.kernel.SealedMemory;
import dev.monopod.host.machine.Template.Key;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// When templates are made, shared and given up.
final class TemplatesTest {
    private static final Key SMALL = new Key(1, 512, "programs");

    private final Queue<Runnable> background = new ArrayDeque<>();
    private final List<Key> made = new ArrayList<>();
    private Instant now = Instant.EPOCH;
    private boolean broken;
    private boolean sharing;
    private final Templates templates = new Templates(this::make, background::add, () -> now);

    @AfterEach
    void close() {
        templates.close();
    }

    @Test
    void firstMachineOfASizeBootsAndHasATemplateMadeForTheNext() {
        assertThat(templates.find(SMALL)).isEmpty();
        assertThat(templates.find(SMALL)).isEmpty();
        assertThat(background).hasSize(1);
        work();
        assertThat(templates.find(SMALL)).isPresent();
        assertThat(made).containsExactly(SMALL);
    }

    @Test
    void servesWhileTheNextIsMadeAfterItsLifeOrItsCopies() {
        templates.request(SMALL);
        work();
        for (var i = 0; i < Templates.MOST_COPIES; i++) {
            assertThat(templates.find(SMALL)).isPresent();
        }
        assertThat(background).isEmpty();
        assertThat(templates.find(SMALL)).isPresent();
        work();
        assertThat(made).hasSize(2);
        now = now.plus(Templates.LONGEST_LIFE.plusSeconds(1));
        assertThat(templates.find(SMALL)).isPresent();
        work();
        assertThat(made).hasSize(3);
    }

    @Test
    void makesAnotherWhenAProgramWasReplaced() {
        templates.request(SMALL);
        work();
        assertThat(templates.find(new Key(1, 512, "a later guest"))).isEmpty();
        work();
        assertThat(templates.find(new Key(1, 512, "a later guest"))).isPresent();
    }

    @Test
    void keepsThoseThatWereUsedLast() {
        for (var i = 1; i <= Templates.MOST; i++) {
            templates.request(new Key(i, 512, "programs"));
        }
        work();
        assertThat(templates.find(new Key(1, 512, "programs"))).isPresent();
        templates.request(new Key(9, 512, "programs"));
        work();
        assertThat(templates.find(new Key(1, 512, "programs"))).isPresent();
        assertThat(templates.find(new Key(2, 512, "programs"))).isEmpty();
    }

    @Test
    void waitsBeforeItTriesAgainWhatFailed() {
        broken = true;
        templates.request(SMALL);
        work();
        assertThat(templates.find(SMALL)).isEmpty();
        assertThat(background).isEmpty();
        broken = false;
        now = now.plus(Templates.RETRY.plusSeconds(1));
        assertThat(templates.find(SMALL)).isEmpty();
        work();
        assertThat(templates.find(SMALL)).isPresent();
        templates.forget(SMALL);
        assertThat(templates.find(SMALL)).isEmpty();
        assertThat(background).as("it was told not to work").isEmpty();
    }

    @Test
    void keepsTheFilesOfATemplateOpenWhileAMachineIsMadeOfThem() throws IOException {
        templates.request(SMALL);
        work();
        List<Path> files;
        try (var lease = templates.find(SMALL).orElseThrow()) {
            files = lease.origin().opened();
            templates.forget(SMALL);
            for (var file : files) {
                assertThat(Files.readSymbolicLink(file).toString()).contains("memfd:");
            }
        }
        for (var file : files) {
            assertThat(
                            Files.exists(file)
                                    && Files.readSymbolicLink(file)
                                            .toString()
                                            .contains("memfd:test"))
                    .isFalse();
        }
    }

    @Test
    void countsTheMemoryThatCopiesShareOnce() throws IOException {
        sharing = true;
        templates.request(SMALL);
        templates.request(new Key(2, 1024, "programs"));
        work();
        assertThat(templates.shared())
                .containsExactlyInAnyOrder(
                        new SharedMemory("template-512", 512),
                        new SharedMemory("template-1024", 1024));
        var seen = new ArrayList<>(templates.shared());
        seen.add(SharedMemory.parse("template-512 512\n"));
        seen.add(SharedMemory.parse("template-of-an-agent-before 626"));
        assertThat(SharedMemory.mebiBytes(seen)).isEqualTo(512 + 1024 + 626);
        templates.forget(SMALL);
        assertThat(templates.shared()).containsExactly(new SharedMemory("template-1024", 1024));
    }

    @Test
    void makesNothingOnceItIsClosed() {
        templates.request(SMALL);
        templates.close();
        work();
        assertThat(templates.find(SMALL)).isEmpty();
        assertThat(background).isEmpty();
    }

    private void work() {
        while (!background.isEmpty()) {
            background.remove().run();
        }
    }

    private Template make(Key key) throws IOException {
        if (broken) {
            throw new IOException("no memory");
        }
        made.add(key);
        var saved = SealedMemory.create("test-saved");
        if (sharing) {
            var part = new SharedMemory("template-" + key.memoryMebiBytes(), key.memoryMebiBytes());
            return new Template(
                    List.of(saved), new Saved.Apart(saved.path(), saved.path(), part), now);
        }
        return new Template(List.of(saved), new Saved.Whole(saved.path()), now);
    }
}
