package dev.monopod.controller.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CertificatePairsTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final List<String> NAMES = List.of("controller.monopod-system.svc");
    private static final CertificatePairs NONE = new CertificatePairs(List.of());

    private final CertificatePairs first = NONE.kept(NAMES, BEGIN);

    @Test
    void theFirstIsServedAtOnce() {
        assertThat(first.all()).hasSize(1);
        assertThat(first.served(BEGIN)).contains(first.all().getFirst());
    }

    @Test
    void survivesTheSecret() {
        assertThat(CertificatePairs.parse(first.data())).isEqualTo(first);
    }

    @Test
    void oneFollowsAnotherAndIsTrustedBeforeItIsServed() {
        var due = BEGIN.plus(CertificatePairs.LIFE).minus(CertificatePairs.RENEWAL);
        assertThat(first.kept(NAMES, due.minusSeconds(1))).isEqualTo(first);

        var both = first.kept(NAMES, due);
        assertThat(both.all()).hasSize(2);
        var next = both.all().getLast();
        assertThat(both.authorities())
                .isEqualTo(first.all().getFirst().certificate() + next.certificate());
        assertThat(both.served(due)).contains(first.all().getFirst());
        assertThat(both.served(due.plus(CertificatePairs.ANNOUNCED))).contains(next);

        var trusted = due.plus(CertificatePairs.ANNOUNCED).plus(CertificatePairs.SUCCEEDED);
        assertThat(both.kept(NAMES, trusted)).isEqualTo(both);
        assertThat(both.kept(NAMES, trusted.plusSeconds(1)).all()).containsExactly(next);
    }

    @Test
    void oneThatIsOverIsReplacedAndTheNewOneServedAtOnce() {
        var late = BEGIN.plus(CertificatePairs.LIFE).plusSeconds(1);

        var kept = first.kept(NAMES, late);

        assertThat(kept.all()).hasSize(1).doesNotContain(first.all().getFirst());
        assertThat(kept.served(late)).contains(kept.all().getFirst());
    }

    @Test
    void oneOfAnotherServiceIsReplaced() {
        var kept = first.kept(List.of("another.monopod-system.svc"), BEGIN.plusSeconds(60));

        assertThat(kept.all()).hasSize(1).doesNotContain(first.all().getFirst());
    }

    @Test
    void whatIsNoPairIsLeftOut() {
        var other = NONE.kept(NAMES, BEGIN.plusSeconds(5));
        var data = new HashMap<>(first.data());
        data.putAll(
                Map.of(
                        "1.crt",
                        first.all().getFirst().certificate(),
                        "1.key",
                        other.all().getFirst().key(),
                        "2.crt",
                        first.all().getFirst().certificate(),
                        "3.crt",
                        "-----BEGIN CERTIFICATE-----\nno\n",
                        "3.key",
                        "no",
                        "note",
                        "by hand"));

        assertThat(CertificatePairs.parse(data)).isEqualTo(first);
    }

    @Test
    void nobodyWithAClockThatIsBehindByAnHourRefusesIt() {
        assertThat(first.all().getFirst().made()).isEqualTo(BEGIN);
        assertThat(first.all().getFirst().ends()).isEqualTo(BEGIN.plus(CertificatePairs.LIFE));
        assertThat(CertificatePair.BACKDATED).isGreaterThanOrEqualTo(Duration.ofHours(1));
    }

    @Test
    void tellsNobodyTheKey() {
        assertThat(first.toString()).doesNotContain("PRIVATE");
    }
}
