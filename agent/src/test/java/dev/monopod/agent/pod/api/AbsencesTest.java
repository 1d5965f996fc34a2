package dev.monopod.agent.pod.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.api.Absences.Evidence;
import dev.monopod.agent.pod.api.Absences.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AbsencesTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final Verdict GONE = new Verdict.Gone();

    private static final Evidence OTHERS_THERE = new Evidence(true, true, false);
    private static final Evidence ALL_GONE = new Evidence(true, false, false);
    private static final Evidence OTHER_CLUSTER = new Evidence(false, true, false);
    private static final Evidence GIVEN_UP = new Evidence(true, false, true);

    private final Absences absences = new Absences();

    private Verdict after(Duration time, String machine, Evidence evidence) {
        return absences.missing(machine, evidence, NOON.plus(time));
    }

    private static Verdict doubtful(Duration until) {
        return new Verdict.Doubtful(NOON.plus(until));
    }

    @Test
    void oneThatIsMissingAloneIsGoneWhenItIsAskedForTwice() {
        assertThat(after(Duration.ZERO, "m-1", OTHERS_THERE))
                .isEqualTo(doubtful(Absences.ASKED_TWICE));
        assertThat(after(Duration.ofSeconds(19), "m-1", OTHERS_THERE))
                .isEqualTo(doubtful(Absences.ASKED_TWICE));
        assertThat(after(Duration.ofSeconds(20), "m-1", OTHERS_THERE)).isEqualTo(GONE);
    }

    @Test
    void severalThatAreMissingStayForTheQuarantine() {
        after(Duration.ZERO, "m-1", OTHERS_THERE);
        after(Duration.ZERO, "m-2", OTHERS_THERE);

        assertThat(after(Duration.ofSeconds(599), "m-1", OTHERS_THERE))
                .isEqualTo(doubtful(Absences.QUARANTINE));
        assertThat(after(Duration.ofSeconds(600), "m-1", OTHERS_THERE)).isEqualTo(GONE);
        assertThat(after(Duration.ofSeconds(600), "m-2", OTHERS_THERE)).isEqualTo(GONE);
    }

    @Test
    void oneThatWentWithOthersIsNotAloneOnceTheseHaveEnded() {
        after(Duration.ZERO, "m-1", OTHERS_THERE);
        after(Duration.ofMinutes(9), "m-2", OTHERS_THERE);
        assertThat(after(Duration.ofMinutes(10), "m-1", OTHERS_THERE)).isEqualTo(GONE);

        assertThat(after(Duration.ofMinutes(10), "m-2", OTHERS_THERE))
                .isEqualTo(doubtful(Duration.ofMinutes(19)));
    }

    @Test
    void theOnlyOneOfTheHostStaysForTheQuarantine() {
        after(Duration.ZERO, "m-1", ALL_GONE);

        assertThat(after(Duration.ofMinutes(1), "m-1", ALL_GONE))
                .isEqualTo(doubtful(Absences.QUARANTINE));
    }

    @Test
    void anotherClusterIsNotBelievedWhateverElseSpeaksForIt() {
        absences.deleted("m-1");

        assertThat(after(Duration.ZERO, "m-1", OTHER_CLUSTER))
                .isEqualTo(doubtful(Absences.QUARANTINE));
        assertThat(after(Duration.ZERO, "m-1", new Evidence(false, true, true)))
                .isEqualTo(doubtful(Absences.QUARANTINE));
        assertThat(after(Duration.ofMinutes(10), "m-1", OTHER_CLUSTER)).isEqualTo(GONE);
    }

    @Test
    void deletionsThatAWatchToldOfCountAtOnceHoweverMany() {
        for (var machine : Set.of("m-1", "m-2", "m-3")) {
            absences.deleted(machine);
        }

        assertThat(after(Duration.ZERO, "m-1", ALL_GONE)).isEqualTo(GONE);
        assertThat(after(Duration.ZERO, "m-2", ALL_GONE)).isEqualTo(GONE);
        assertThat(after(Duration.ZERO, "m-4", ALL_GONE)).isEqualTo(doubtful(Absences.QUARANTINE));
    }

    @Test
    void machinesThatTheControllerGaveUpAreGoneAtOnce() {
        assertThat(after(Duration.ZERO, "m-1", GIVEN_UP)).isEqualTo(GONE);
        assertThat(after(Duration.ZERO, "m-2", GIVEN_UP)).isEqualTo(GONE);
    }

    @Test
    void oneThatCameBackIsWaitedForAnewWhenItIsMissingAgain() {
        after(Duration.ZERO, "m-1", ALL_GONE);
        absences.there("m-1");

        assertThat(after(Duration.ofMinutes(10), "m-1", ALL_GONE))
                .isEqualTo(doubtful(Duration.ofMinutes(20)));
        assertThat(absences.machines()).containsExactly("m-1");
        absences.retainOnly(Set.of());
        assertThat(absences.machines()).isEmpty();
    }
}
