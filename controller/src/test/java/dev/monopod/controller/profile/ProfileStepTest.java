package dev.monopod.controller.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.Profile.UnsupportedPods;
import dev.monopod.model.profile.Selector;
import dev.monopod.model.profile.Violation;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Contract, "Profiles": the life of a profile. Every phase × what may happen in it.
final class ProfileStepTest {
    private static final String FINALIZER = "monopod.dev/profile";
    private static final String CLAIMED = "finalizers: [monopod.dev/profile]";
    private static final String LEAVING = CLAIMED + ", deletionTimestamp: '2026-01-01T00:00:00Z'";
    private static final List<Violation> NONE = List.of();
    private static final List<Violation> WRONG =
            List.of(new Violation("spec.subnets[0]", "no"), new Violation("metadata", "nor this"));
    private static final String REASONS = "no (spec.subnets[0]); nor this (metadata)";

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{phase: CREATING}", "{phase: ACTIVE}", "{phase: CREATE_FAILED}"})
    void claimsAProfileBeforeAnythingIsDoneForIt(String status) {
        assertThat(step("", status, NONE)).isEqualTo(new ProfileStep.Claim());
    }

    @Test
    void isCreatingUntilAdmissionFollows() {
        assertThat(step(CLAIMED, "{}", NONE)).isEqualTo(new ProfileStep.Begin());
        assertThat(step(CLAIMED, "{phase: CREATING}", NONE)).isEqualTo(new ProfileStep.Activate());
        assertThat(step(CLAIMED, "{phase: ACTIVE}", NONE)).isEqualTo(new ProfileStep.Follow());
    }

    /// Tools that wait for an object take another generation than the latest for unfinished.
    @Test
    void speaksOfTheLatestTags() {
        var changed = CLAIMED + ", generation: 2";

        assertThat(step(changed, "{phase: ACTIVE, observedGeneration: 1}", NONE))
                .isEqualTo(new ProfileStep.Activate());
        assertThat(step(changed, "{phase: ACTIVE, observedGeneration: 2}", NONE))
                .isEqualTo(new ProfileStep.Follow());
        var failed = "{phase: CREATE_FAILED, message: '" + REASONS + "', observedGeneration: ";
        assertThat(step(changed, failed + "1}", WRONG)).isEqualTo(new ProfileStep.Fail(REASONS));
        assertThat(step(changed, failed + "2}", WRONG)).isEqualTo(new ProfileStep.Rest());
    }

    @Test
    void failsWithEveryReason() {
        assertThat(step(CLAIMED, "{}", WRONG)).isEqualTo(new ProfileStep.Fail(REASONS));
        assertThat(step(CLAIMED, "{phase: CREATING}", WRONG))
                .isEqualTo(new ProfileStep.Fail(REASONS));
    }

    @Test
    void failsOnceForTheSameReasonAndAgainForAnother() {
        assertThat(step(CLAIMED, "{phase: CREATE_FAILED, message: '" + REASONS + "'}", WRONG))
                .isEqualTo(new ProfileStep.Rest());
        assertThat(step(CLAIMED, "{phase: CREATE_FAILED, message: another}", WRONG))
                .isEqualTo(new ProfileStep.Fail(REASONS));
    }

    @Test
    void beginsAgainOnceNothingIsWrongAnyMore() {
        assertThat(step(CLAIMED, "{phase: CREATE_FAILED, message: no}", NONE))
                .isEqualTo(new ProfileStep.Begin());
    }

    @Test
    void keepsAnActiveProfileThatWouldNotBeAcceptedToday() {
        assertThat(step(CLAIMED, "{phase: ACTIVE}", WRONG)).isEqualTo(new ProfileStep.Follow());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{phase: CREATING}",
                "{phase: ACTIVE}",
                "{phase: CREATE_FAILED}",
                "{phase: DELETING}"
            })
    void deletesInAnyPhaseAndRestsWhenThatIsDone(String status) {
        assertThat(step(LEAVING, status, WRONG)).isEqualTo(new ProfileStep.Delete());
        assertThat(
                        step(
                                "finalizers: [example.com/a], deletionTimestamp: '2026-01-01T00:00:00Z'",
                                status,
                                WRONG))
                .isEqualTo(new ProfileStep.Rest());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "true  | shop | web | fargate-scheduler | {}",
                "true  | shop | web | default-scheduler | {CapacityProvisioned: x}",
                "false | shop | web | default-scheduler | {a: b}",
                "false | shop | web | default-scheduler | {}",
                "false | shop | api | fargate-scheduler | {}",
                // Another tenant's, which may hold itself with a finalizer for ever.
                "false | mine | web | fargate-scheduler | {CapacityProvisioned: x}"
            })
    void takesOnlyPodsAlongThatItWouldRun(
            boolean taken, String namespace, String label, String scheduler, String annotations) {
        var pod =
                Serialization.unmarshal(
                        "---\n{metadata: {namespace: %s, labels: {eks.amazonaws.com/fargate-profile: %s}, annotations: %s}, spec: {schedulerName: %s}}"
                                .formatted(namespace, label, annotations, scheduler),
                        Pod.class);
        var profile =
                new Profile(
                        "web",
                        List.of(new Selector("shop", Map.of())),
                        List.of("a"),
                        UnsupportedPods.REJECT);

        assertThat(ProfileLifecycle.waitsFor(profile, pod)).isEqualTo(taken);
    }

    private static ProfileStep step(String metadata, String status, List<Violation> violations) {
        var profile =
                Serialization.unmarshal(
                        "---\n{apiVersion: monopod.dev/v1, kind: FargateProfile, metadata: {name: web, %s}, status: %s}"
                                .formatted(metadata, status),
                        FargateProfile.class);
        return ProfileStep.of(profile, FINALIZER, () -> violations);
    }
}
