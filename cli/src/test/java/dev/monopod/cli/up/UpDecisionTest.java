package dev.monopod.cli.up;

import static dev.monopod.cli.up.UpDecision.AWAIT_PROCESSES;
import static dev.monopod.cli.up.UpDecision.GRANT_RIGHTS;
import static dev.monopod.cli.up.UpDecision.ISSUE_CERTIFICATES;
import static dev.monopod.cli.up.UpDecision.LEARN_CLIENT_AUTHORITY;
import static dev.monopod.cli.up.UpDecision.RECORD;
import static dev.monopod.cli.up.UpDecision.START_SUPERVISOR;
import static dev.monopod.cli.up.UpDecision.STOP_OLD_BUILD;
import static dev.monopod.cli.up.UpDecision.STOP_OLD_CONFIGURATION;
import static dev.monopod.cli.up.UpDecision.STOP_OLD_CREDENTIALS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.cli.installation.Standing;
import dev.monopod.cli.up.UpDecision.Administrator;
import dev.monopod.cli.up.UpDecision.Inputs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class UpDecisionTest {
    private static final Standing ALONE = new Standing.Alone();
    private static final Standing FIRST = new Standing.First("198.51.100.1");
    private static final Standing MEMBER =
            new Standing.Member("10.100.0.10", "198.51.100.2", "192.168.0.5");
    private static final Standing GUEST =
            new Standing.Guest(
                    Path.of("/k"),
                    "d",
                    Optional.empty(),
                    Optional.empty(),
                    Standing.Role.CONTROLLER_AND_AGENT);

    private static final Inputs WANTED = inputs("config", "build", "credentials");
    private static final Inputs NEW_CONFIG = inputs("other", "build", "credentials");
    private static final Inputs NEW_BUILD = inputs("config", "other", "credentials");
    private static final Inputs NEW_CREDENTIALS = inputs("config", "build", "other");
    private static final Inputs ALL_NEW = inputs("other", "other", "other");

    /// Every state of the supervisor for every standing.
    static Stream<Arguments> table() {
        return Stream.of(
                row(ALONE, Optional.empty(), RECORD, START_SUPERVISOR),
                row(FIRST, Optional.empty(), RECORD, START_SUPERVISOR),
                row(MEMBER, Optional.empty(), LEARN_CLIENT_AUTHORITY, RECORD, START_SUPERVISOR),
                row(
                        GUEST,
                        Optional.empty(),
                        GRANT_RIGHTS,
                        ISSUE_CERTIFICATES,
                        LEARN_CLIENT_AUTHORITY,
                        RECORD,
                        START_SUPERVISOR),
                row(ALONE, Optional.of(WANTED), RECORD),
                row(FIRST, Optional.of(WANTED), RECORD),
                row(MEMBER, Optional.of(WANTED), LEARN_CLIENT_AUTHORITY, RECORD),
                row(
                        GUEST,
                        Optional.of(WANTED),
                        GRANT_RIGHTS,
                        ISSUE_CERTIFICATES,
                        LEARN_CLIENT_AUTHORITY,
                        RECORD),
                row(
                        FIRST,
                        Optional.of(NEW_CONFIG),
                        STOP_OLD_CONFIGURATION,
                        RECORD,
                        START_SUPERVISOR),
                row(FIRST, Optional.of(NEW_BUILD), STOP_OLD_BUILD, RECORD, START_SUPERVISOR),
                row(
                        MEMBER,
                        Optional.of(NEW_CREDENTIALS),
                        STOP_OLD_CREDENTIALS,
                        LEARN_CLIENT_AUTHORITY,
                        RECORD,
                        START_SUPERVISOR),
                row(ALONE, Optional.of(ALL_NEW), STOP_OLD_BUILD, RECORD, START_SUPERVISOR));
    }

    @ParameterizedTest
    @MethodSource("table")
    void decides(Standing standing, Optional<Inputs> running, List<UpDecision> steps) {
        assertThat(UpDecision.of(running, WANTED, standing, Administrator.THERE)).isEqualTo(steps);
    }

    @Test
    void recordsAfterTheOldProcessesEndAndBeforeTheNewBegin() {
        for (Standing standing : List.of(ALONE, FIRST, MEMBER, GUEST)) {
            var steps =
                    UpDecision.of(Optional.of(NEW_CONFIG), WANTED, standing, Administrator.GONE);

            assertThat(steps.indexOf(STOP_OLD_CONFIGURATION)).isZero();
            assertThat(steps.indexOf(RECORD)).isLessThan(steps.indexOf(START_SUPERVISOR));
            assertThat(steps).last().isEqualTo(AWAIT_PROCESSES);
        }
    }

    @Test
    void aClusterThatGrantsNothingLeavesTheOldProcessesAlone() {
        var steps = UpDecision.of(Optional.of(ALL_NEW), WANTED, GUEST, Administrator.THERE);

        assertThat(steps).startsWith(GRANT_RIGHTS, STOP_OLD_BUILD);
    }

    @Test
    void onceAHostHasItsOwnCredentialsNoAdministratorIsNeeded() {
        var steps = UpDecision.of(Optional.of(NEW_BUILD), WANTED, GUEST, Administrator.GONE);

        assertThat(steps)
                .doesNotContain(GRANT_RIGHTS)
                .contains(STOP_OLD_BUILD, LEARN_CLIENT_AUTHORITY, START_SUPERVISOR);
    }

    @Test
    void aBuildSurvivesItsFile() {
        for (var build :
                List.of(
                        new Inputs.Build("0123abcd", Optional.empty()),
                        new Inputs.Build("0123abcd", Optional.of("hash")))) {
            assertThat(Inputs.Build.parse(build.text())).isEqualTo(build);
        }
    }

    @Test
    void aBuildThatNobodyKnowsOfIsAnother() {
        var unknown = new Inputs("config", Inputs.Build.parse(""));

        assertThat(UpDecision.of(Optional.of(unknown), WANTED, FIRST, Administrator.GONE))
                .contains(STOP_OLD_BUILD);
    }

    private static Arguments row(
            Standing standing, Optional<Inputs> running, UpDecision... untilReady) {
        var steps = new ArrayList<>(List.of(untilReady));
        steps.add(AWAIT_PROCESSES);
        return Arguments.of(standing, running, steps);
    }

    private static Inputs inputs(String configuration, String build, String credentials) {
        return new Inputs(
                configuration, new Inputs.Build("programs of " + build, Optional.of(credentials)));
    }
}
