package dev.monopod.cli.why;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.cli.why.Why.Answer;
import dev.monopod.cli.why.Why.Rule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class WhyTest {
    private static final String OURS = "{eks.amazonaws.com/fargate-profile: p}";
    private static final String SPEC =
            "{schedulerName: fargate-scheduler, containers: [{name: a, image: x}, {name: b, image: y}]}";
    private static final String PLACED =
            "{schedulerName: fargate-scheduler, nodeName: n, containers: [{name: a, image: x}, {name: b, image: y}]}";
    private static final String PENDING = "{phase: Pending}";

    @Test
    void saysThatNothingHoldsAReadyPodBack() {
        var facts =
                FakeFacts.pod(
                        OURS,
                        PLACED,
                        "{phase: Running, conditions: [{type: Ready, status: 'True'}]}");

        assertThat(Why.explain(facts).rule()).isEqualTo(Rule.RUNS);
    }

    @Test
    void tellsWhyAPodWasRefusedByTheEventOfItsOwner() {
        var facts =
                FakeFacts.withoutPod()
                        .event("FailedCreate", "other", "not this", "2026-01-01T00:00:09Z")
                        .event("FailedCreate", "we", "an older word", "2026-01-01T00:00:01Z")
                        .event(
                                "FailedCreate",
                                "we",
                                "hostNetwork is refused",
                                "2026-01-01T00:00:02Z")
                        .event("SuccessfulCreate", "we", "fine", "2026-01-01T00:00:03Z");

        assertThat(Why.explain(facts))
                .isEqualTo(new Answer(Rule.UNSUPPORTED, "hostNetwork is refused", "", ""));
    }

    @Test
    void namesTheCommandThatListsPodsIfThereIsNoSuchPod() {
        Answer answer = Why.explain(FakeFacts.withoutPod());

        assertThat(answer.rule()).isEqualTo(Rule.NO_SUCH_POD);
        assertThat(answer.edit()).isEqualTo("kubectl get pods -n team");
    }

    @Test
    void tellsTheReasonOfAPodThatEnded() {
        var facts =
                FakeFacts.pod(
                        OURS, PLACED, "{phase: Failed, reason: Evicted, message: too much disk}");

        assertThat(Why.explain(facts).reason())
                .isEqualTo("it has ended (Failed): Evicted: too much disk");
    }

    @Test
    void tellsTheExitCodesOfAPodThatEndedWithoutAReason() {
        var facts =
                FakeFacts.pod(
                        OURS,
                        PLACED,
                        """
                        {phase: Failed, containerStatuses: [
                          {name: a, state: {terminated: {exitCode: 3, reason: Error}}},
                          {name: b, state: {terminated: {exitCode: 0, reason: Completed}}}]}\
                        """);

        assertThat(Why.explain(facts).reason())
                .isEqualTo(
                        "it has ended (Failed): container a exited with 3 (Error), container b exited with 0 (Completed)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ErrImagePull",
                "ImagePullBackOff",
                "InvalidImageName",
                "ErrImageNeverPull",
                "ImageInspectError"
            })
    void namesTheFieldOfAnImageThatIsNotPulled(String reason) {
        Answer answer = Why.explain(waiting(reason, "no such tag"));

        assertThat(answer.rule()).isEqualTo(Rule.IMAGE);
        assertThat(answer.field()).isEqualTo("spec.containers[1].image");
        assertThat(answer.reason()).isEqualTo("image y of container b is not pulled: no such tag");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CreateContainerConfigError",
                "CreateContainerError",
                "RunContainerError",
                "StartError"
            })
    void namesTheContainerThatCannotBeMade(String reason) {
        Answer answer = Why.explain(waiting(reason, "no secret s"));

        assertThat(answer.rule()).isEqualTo(Rule.CONTAINER);
        assertThat(answer.field()).isEqualTo("spec.containers[1]");
        assertThat(answer.reason()).isEqualTo("container b cannot be created: no secret s");
    }

    @Test
    void countsTheEndsOfAContainerThatCrashesAndNamesTheLog() {
        var facts =
                FakeFacts.pod(
                        OURS,
                        PLACED,
                        """
                        {phase: Running, containerStatuses: [{name: b, image: y, restartCount: 4,
                          state: {waiting: {reason: CrashLoopBackOff}},
                          lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]}\
                        """);
        Answer answer = Why.explain(facts);

        assertThat(answer.rule()).isEqualTo(Rule.CRASH_LOOP);
        assertThat(answer.reason())
                .isEqualTo(
                        "container b ended 5 times, the last time with exit code 137 (OOMKilled); it is started again later");
        assertThat(answer.edit()).isEqualTo("kubectl logs -n team web -c b --previous");
    }

    @Test
    void saysSoIfTheLastEndOfAContainerIsNotKnown() {
        assertThat(Why.explain(waiting("CrashLoopBackOff", "")).reason())
                .contains("exit code unknown (no reason given)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PodInitializing", "ContainerCreating"})
    void takesAStageForNoReason(String reason) {
        var facts = waiting(reason, "").profile("{phase: ACTIVE}");

        assertThat(Why.explain(facts).rule()).isEqualTo(Rule.STARTING);
    }

    @Test
    void namesTheInitContainerThatHoldsThePodBack() {
        var facts =
                FakeFacts.pod(
                        OURS,
                        PLACED,
                        """
                        {phase: Pending, initContainerStatuses: [{name: i, image: z,
                          state: {waiting: {reason: ErrImagePull, message: gone}}}]}\
                        """);

        assertThat(Why.explain(facts).field()).isEqualTo("spec.initContainers[name=i].image");
    }

    @Test
    void advisesOnAProfileIfNoneHasChosenThePod() {
        Answer answer =
                Why.explain(
                        FakeFacts.pod("{}", "{schedulerName: default-scheduler}", PENDING)
                                .profile("{phase: ACTIVE}"));

        assertThat(answer.rule()).isEqualTo(Rule.NO_PROFILE);
        assertThat(answer.reason()).startsWith("selector team of profile p matches it now");
    }

    @Test
    void leavesAPodOfAnotherSchedulerAloneOnceItIsPlaced() {
        var facts = FakeFacts.pod("{}", "{schedulerName: default-scheduler, nodeName: n}", PENDING);

        assertThat(Why.explain(facts).rule()).isEqualTo(Rule.STARTING);
    }

    @Test
    void missesAProfileThatIsGone() {
        Answer answer = Why.explain(FakeFacts.pod(OURS, SPEC, PENDING));

        assertThat(answer.rule()).isEqualTo(Rule.PROFILE_NOT_ACTIVE);
        assertThat(answer.reason()).isEqualTo("its profile p no longer exists");
        assertThat(answer.edit()).endsWith("monopod profile create p --namespace team");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{phase: CREATING} | its profile p is CREATING: -",
                "{phase: CREATE_FAILED, message: no subnet} | its profile p is CREATE_FAILED: no subnet",
                "null | its profile p is new: the controller has not seen it"
            })
    void tellsThePhaseOfAProfileThatIsNotActive(String status, String reason) {
        Answer answer = Why.explain(FakeFacts.pod(OURS, SPEC, PENDING).profile(status));

        assertThat(answer.rule()).isEqualTo(Rule.PROFILE_NOT_ACTIVE);
        assertThat(answer.reason()).isEqualTo(reason);
    }

    @Test
    void prefersTheConditionToTheEvent() {
        var facts =
                notScheduled("Unschedulable", "no address is free in private-a")
                        .event("FailedScheduling", "web", "an event", "2026-01-01T00:00:01Z");
        Answer answer = Why.explain(facts);

        assertThat(answer.rule()).isEqualTo(Rule.NOT_SCHEDULED);
        assertThat(answer.reason()).isEqualTo("no address is free in private-a");
        assertThat(answer.edit()).startsWith("add a subnet");
    }

    @Test
    void takesTheLatestWarningOfTheSchedulerWithoutACondition() {
        var facts =
                FakeFacts.pod(OURS, SPEC, PENDING)
                        .profile("{phase: ACTIVE}")
                        .event("FailedScheduling", "web", "new", "2026-01-01T00:00:02Z")
                        .event("FailedScheduling", "web", "old", "2026-01-01T00:00:01Z")
                        .event("Pulled", "web", "newest", "2026-01-01T00:00:03Z");

        assertThat(Why.explain(facts).reason()).isEqualTo("new");
    }

    @Test
    void doubtsTheControllerIfTheSchedulerIsSilent() {
        var facts = FakeFacts.pod(OURS, SPEC, PENDING).profile("{phase: ACTIVE}");

        assertThat(Why.explain(facts).reason()).contains("is the controller running?");
    }

    @ParameterizedTest
    @CsvSource({
        "no host has room, lower spec",
        "insufficient memory, lower spec",
        "2 CPU are wanted, lower spec",
        "no ADDRESS is free, add a subnet",
        "no host has room for 1vCPU in zone a: one has too little memory left; two is cordoned, monopod host uncordon two",
        "no host has room for 1vCPU in zone a: one has disk pressure, make room"
    })
    void advisesByWhatTheSchedulerMisses(String message, String edit) {
        assertThat(Why.explain(notScheduled("Unschedulable", message)).edit()).startsWith(edit);
    }

    @Test
    void knowsWhatTheSchedulerWillNeverPlace() {
        assertThat(Why.explain(notScheduled("POD_UNSUPPORTED_ON_FARGATE", "GPU")).rule())
                .isEqualTo(Rule.UNSUPPORTED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "{phase: Pending}"})
    void looksToTheAgentIfItHasNotStartedTheMachine(String status) {
        Answer answer = Why.explain(placed().withMachine(status));

        assertThat(answer.rule()).isEqualTo(Rule.MACHINE);
        assertThat(answer.reason()).isEqualTo("the agent of host one has not started its machine");
    }

    @Test
    void tellsWhyTheMachineFailed() {
        Answer answer = Why.explain(placed().withMachine("{phase: Failed, message: no disk}"));

        assertThat(answer.reason()).isEqualTo("its machine failed: no disk");
    }

    @Test
    void tellsTheLastEventOfAPodThatStarts() {
        var facts =
                placed().withMachine("{phase: Starting}")
                        .event("Pulling", "web", "Pulling x", "2026-01-01T00:00:01Z");

        assertThat(Why.explain(facts))
                .isEqualTo(new Answer(Rule.STARTING, "it is starting: Pulling x", "", ""));
        assertThat(Why.explain(placed()).reason()).isEqualTo("it is starting: no event yet");
    }

    private static FakeFacts placed() {
        return FakeFacts.pod(OURS, PLACED, PENDING).profile("{phase: ACTIVE}");
    }

    private static FakeFacts notScheduled(String reason, String message) {
        return FakeFacts.pod(
                        OURS,
                        SPEC,
                        "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: %s, message: '%s'}]}"
                                .formatted(reason, message))
                .profile("{phase: ACTIVE}");
    }

    private static FakeFacts waiting(String reason, String message) {
        return FakeFacts.pod(
                OURS,
                PLACED,
                """
                {phase: Pending, containerStatuses: [{name: b, image: y, restartCount: 0,
                  state: {waiting: {reason: %s, message: '%s'}}}]}\
                """
                        .formatted(reason, message));
    }
}
