package dev.monopod.agent.pod.scope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.Termination;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class PodMailboxTest {
    private final PodMailbox mailbox = new PodMailbox();

    @Test
    void givesInputsInTheOrderOfTheirComing() throws InterruptedException {
        mailbox.post(new PodInput.Bound());
        mailbox.post(new PodInput.ImageReady("app"));
        assertThat(all()).containsExactly(new PodInput.Bound(), new PodInput.ImageReady("app"));
    }

    @Test
    @Timeout(10)
    void neverBlocksWhoPostsToAFullBox() throws InterruptedException {
        for (int i = 0; i < 3 * PodMailbox.LIMIT; i++) {
            mailbox.post(new PodInput.ImageReady("app-" + i));
        }
        List<PodInput> all = all();
        assertThat(all).hasSize(1 + PodMailbox.LIMIT);
        assertThat(all.getFirst())
                .isInstanceOfSatisfying(
                        PodInput.Fail.class,
                        fail -> {
                            assertThat(fail.reason()).isEqualTo("PodWorkerOverloaded");
                            assertThat(fail.message()).contains("1024");
                        });
    }

    @Test
    void failsThePodOnceHoweverOftenTheBoxIsFull() throws InterruptedException {
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i <= PodMailbox.LIMIT; i++) {
                mailbox.post(new PodInput.ImageReady("app-" + i));
            }
            all();
        }
        mailbox.post(new PodInput.Bound());
        assertThat(all()).containsExactly(new PodInput.Bound());
    }

    @Test
    void hasAPlaceForWhatEndsThePodInAFullBox() throws InterruptedException {
        for (int i = 0; i <= PodMailbox.LIMIT; i++) {
            mailbox.post(new PodInput.ImageReady("app-" + i));
        }
        mailbox.post(new PodInput.MachineLost("killed"));
        mailbox.post(new PodInput.Deletion(Duration.ZERO));
        mailbox.post(new PodInput.MachineOff());
        assertThat(all())
                .endsWith(
                        new PodInput.MachineLost("killed"),
                        new PodInput.Deletion(Duration.ZERO),
                        new PodInput.MachineOff());
    }

    @Test
    void keepsTheLastOfWhatTellsHowAThingStands() throws InterruptedException {
        mailbox.post(new PodInput.Ready("app", 0, true));
        mailbox.post(new PodInput.Ready("other", 0, true));
        mailbox.post(new PodInput.Ready("app", 0, false));
        mailbox.post(new PodInput.ImageTrouble("app", "ErrImagePull", "a"));
        mailbox.post(new PodInput.ImageTrouble("app", "ImagePullBackOff", "b"));
        assertThat(all())
                .containsExactly(
                        new PodInput.Ready("other", 0, true),
                        new PodInput.Ready("app", 0, false),
                        new PodInput.ImageTrouble("app", "ImagePullBackOff", "b"));
    }

    @Test
    void keepsTheShortestGrace() throws InterruptedException {
        mailbox.post(new PodInput.Deletion(Duration.ofSeconds(30)));
        mailbox.post(new PodInput.Deletion(Duration.ofSeconds(5)));
        mailbox.post(new PodInput.Deletion(Duration.ofSeconds(9)));
        assertThat(all()).containsExactly(new PodInput.Deletion(Duration.ofSeconds(5)));
    }

    @Test
    void isNotFilledByAGuestThatRepeatsItself() throws InterruptedException {
        var end = new Termination("id", 1, 0, "Error", "", Instant.EPOCH, Instant.EPOCH);
        for (int i = 0; i < 3 * PodMailbox.LIMIT; i++) {
            mailbox.post(new PodInput.Started("app", 0, Instant.EPOCH));
            mailbox.post(new PodInput.Ended("app", 0, end));
        }
        assertThat(all())
                .containsExactly(
                        new PodInput.Started("app", 0, Instant.EPOCH),
                        new PodInput.Ended("app", 0, end));
    }

    private List<PodInput> all() throws InterruptedException {
        List<PodInput> all = new ArrayList<>();
        for (Optional<PodInput> next = mailbox.take(Duration.ZERO);
                next.isPresent();
                next = mailbox.take(Duration.ZERO)) {
            all.add(next.get());
        }
        return all;
    }
}
