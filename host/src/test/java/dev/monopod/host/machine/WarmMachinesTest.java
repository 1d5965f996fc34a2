package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.machine.WarmMachines.Size;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Which machines wait, for whom, and for how long.
final class WarmMachinesTest {
    private static final Size SMALL = size(512);
    private static final Size MIDDLE = size(1024);
    private static final Size LARGE = size(2048);

    private final List<Machine> made = new ArrayList<>();
    private final Host host = new Host();
    private Instant now = Instant.EPOCH;
    private boolean broken;
    private boolean noTemplate;
    private final WarmMachines<Machine> machines =
            new WarmMachines<>(1, this::make, host, () -> now);

    private static final class Host implements WarmMachines.Conditions {
        boolean busy;
        long roomMebiBytes = Long.MAX_VALUE;
        int most = Integer.MAX_VALUE;
        boolean pressed;
        final Set<Size> replaced = new HashSet<>();

        @Override
        public boolean quiet() {
            return !busy;
        }

        @Override
        public boolean room(long mebiBytes, int waiting) {
            return mebiBytes <= roomMebiBytes && waiting < most;
        }

        @Override
        public boolean pressed() {
            return pressed;
        }

        @Override
        public boolean current(Size size) {
            return !replaced.contains(size);
        }
    }

    private static final class Machine implements WarmMachines.Waiting {
        final Size size;
        boolean alive = true;

        Machine(Size size) {
            this.size = size;
        }

        @Override
        public boolean alive() {
            return alive;
        }

        @Override
        public void end() {
            alive = false;
        }
    }

    @Test
    void keepsOneOfASizeThatWasAskedForAndHandsItOutOnce() throws InterruptedException {
        steps();
        assertThat(made).isEmpty();
        assertThat(machines.take(SMALL)).isEmpty();
        steps();
        assertThat(made).hasSize(1);
        now = now.plus(Bursts.LENGTH).plusSeconds(1);
        assertThat(machines.take(SMALL)).containsSame(made.getFirst());
        now = now.plus(Bursts.LENGTH).plusSeconds(1);
        assertThat(machines.take(SMALL)).isEmpty();
        steps();
        assertThat(made).hasSize(2);
        assertThat(machines.take(MIDDLE)).isEmpty();
        assertThat(machines.take(SMALL)).containsSame(made.getLast());
    }

    @Test
    void keepsAsManyAsCameAtOnceUntilNoBurstComesAgain() throws InterruptedException {
        for (var i = 0; i < 3; i++) {
            machines.take(SMALL);
        }
        steps();
        assertThat(living()).containsExactly(SMALL, SMALL, SMALL);

        now = now.plus(Bursts.MEMORY).plusSeconds(1);
        machines.expect(SMALL);
        steps();
        assertThat(living()).containsExactly(SMALL);
    }

    @Test
    void countsNoBurstOfPodsThatComeOneAfterAnother() throws InterruptedException {
        for (var i = 0; i < 3; i++) {
            machines.take(SMALL);
            now = now.plus(Bursts.LENGTH).plusSeconds(1);
        }
        steps();
        assertThat(living()).containsExactly(SMALL);
    }

    @Test
    void keepsNoMoreThanTheHostCanBearAndFavoursNoSize() throws InterruptedException {
        for (var i = 0; i < 9; i++) {
            machines.take(SMALL);
            machines.take(LARGE);
        }
        host.most = 3;
        steps();
        assertThat(living()).hasSize(3).contains(SMALL, LARGE);
    }

    @Test
    void givesThemUpOneAfterAnotherWhileMemoryIsShort() throws InterruptedException {
        machines.take(SMALL);
        machines.take(SMALL);
        steps();
        assertThat(living()).hasSize(2);

        host.pressed = true;
        host.roomMebiBytes = 0;
        machines.step();
        assertThat(living()).hasSize(1);
        steps();
        assertThat(living()).isEmpty();
    }

    @Test
    void makesNoneWhileAPodStartsOrMemoryIsShort() throws InterruptedException {
        machines.expect(SMALL);
        host.busy = true;
        steps();
        assertThat(made).isEmpty();
        host.busy = false;
        host.roomMebiBytes = 511;
        steps();
        assertThat(made).isEmpty();
        host.roomMebiBytes = 512;
        steps();
        assertThat(made).hasSize(1);
    }

    @Test
    void keepsTheSizesThatWereAskedForLast() throws InterruptedException {
        machines.expect(SMALL);
        machines.expect(MIDDLE);
        steps();
        machines.expect(SMALL);
        machines.expect(LARGE);
        steps();
        assertThat(living()).containsExactlyInAnyOrder(SMALL, LARGE);
        assertThat(machines.take(MIDDLE)).isEmpty();
    }

    @Test
    void endsWhatNobodyHasAskedForInALongTime() throws InterruptedException {
        machines.expect(SMALL);
        steps();
        now = now.plus(WarmMachines.INTEREST).plusSeconds(1);
        steps();
        assertThat(living()).isEmpty();
        assertThat(made).hasSize(1);
    }

    @Test
    void replacesOneThatHasWaitedForLong() throws InterruptedException {
        machines.expect(SMALL);
        steps();
        now = now.plus(Duration.ofMinutes(31));
        machines.expect(SMALL);
        now = now.plus(Duration.ofMinutes(31));
        steps();
        assertThat(made).hasSize(2);
        assertThat(made.getFirst().alive).isFalse();
        assertThat(machines.take(SMALL)).containsSame(made.getLast());
    }

    @Test
    void endsThoseOfProgramsThatWereReplaced() throws InterruptedException {
        machines.expect(SMALL);
        steps();
        host.replaced.add(SMALL);
        machines.expect(MIDDLE);
        steps();
        assertThat(living()).containsExactly(MIDDLE);
    }

    @Test
    void handsOutNoneThatHasEnded() throws InterruptedException {
        machines.expect(SMALL);
        steps();
        made.getFirst().alive = false;
        assertThat(machines.take(SMALL)).isEmpty();
        steps();
        assertThat(machines.take(SMALL)).containsSame(made.getLast());
    }

    @Test
    void waitsBeforeItTriesAgainWhatFailed() throws InterruptedException {
        machines.expect(SMALL);
        broken = true;
        steps();
        broken = false;
        steps();
        assertThat(made).isEmpty();
        now = now.plus(WarmMachines.RETRY).plusSeconds(1);
        steps();
        assertThat(made).hasSize(1);
    }

    @Test
    void asksAgainSoonWhileTheTemplateIsMade() throws InterruptedException {
        machines.expect(SMALL);
        noTemplate = true;
        steps();
        assertThat(made).isEmpty();
        noTemplate = false;
        steps();
        assertThat(made).hasSize(1);
    }

    @Test
    void endsAllWhenClosedAlsoTheOneThatIsBeingMade() throws InterruptedException {
        machines.expect(SMALL);
        steps();
        machines.close();
        machines.expect(MIDDLE);
        steps();
        assertThat(living()).isEmpty();
        assertThat(made).hasSize(1);

        var late = new ArrayList<WarmMachines<Machine>>();
        var other =
                new WarmMachines<Machine>(
                        1,
                        size -> {
                            late.getFirst().close();
                            return make(size);
                        },
                        host,
                        () -> now);
        late.add(other);
        other.expect(SMALL);
        other.step();
        assertThat(made).hasSize(2);
        assertThat(living()).isEmpty();
    }

    @Test
    void keepsNoneWhenTurnedOff() throws InterruptedException {
        var off = new WarmMachines<>(0, this::make, host, () -> now);
        off.expect(SMALL);
        off.step();
        assertThat(made).isEmpty();
    }

    private void steps() throws InterruptedException {
        for (var i = 0; i < 4; i++) {
            machines.step();
        }
    }

    private Optional<Machine> make(Size size) throws IOException {
        if (broken) {
            throw new IOException("broken");
        }
        if (noTemplate) {
            return Optional.empty();
        }
        made.add(new Machine(size));
        return Optional.of(made.getLast());
    }

    private List<Size> living() {
        return made.stream().filter(it -> it.alive).map(it -> it.size).toList();
    }

    private static Size size(long memoryMebiBytes) {
        return new Size(new Template.Key(1, memoryMebiBytes, "programs"), 20L << 30);
    }
}
