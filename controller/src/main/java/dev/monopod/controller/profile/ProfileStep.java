package dev.monopod.controller.profile;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.model.profile.Violation;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The next step in a profile's life. Pure: [ProfileLifecycle] takes it, and the change that it
/// makes leads to the one after.
///
/// ```text
/// (none) ── Claim ── Begin → CREATING ── Activate → ACTIVE ── Follow, Activate
///                                │  ▲
///                           Fail ▼  │ Begin, once nothing is wrong any more
///                          CREATE_FAILED
/// any, deletion asked ── Delete → DELETING → gone
/// ```
sealed interface ProfileStep {
    /// Nothing is to be done.
    record Rest() implements ProfileStep {}

    /// It gets the finalizer, before anything is done for it.
    record Claim() implements ProfileStep {}

    /// It becomes CREATING: admission is asked about its pods from then on.
    record Begin() implements ProfileStep {}

    /// Admission is brought into step, and only then it becomes ACTIVE; one that is ACTIVE with
    /// other tags than before stays so.
    record Activate() implements ProfileStep {}

    /// It becomes CREATE_FAILED.
    record Fail(String message) implements ProfileStep {}

    /// Admission is brought into step.
    record Follow() implements ProfileStep {}

    /// Its pods go, then itself.
    record Delete() implements ProfileStep {}

    /// @param violations asked only when they matter
    static ProfileStep of(
            FargateProfile profile, String finalizer, Supplier<List<Violation>> violations) {
        var claimed = profile.getMetadata().getFinalizers().contains(finalizer);
        if (profile.getMetadata().getDeletionTimestamp() != null) {
            return claimed ? new Delete() : new Rest();
        }
        if (!claimed) {
            return new Claim();
        }
        @Nullable Phase phase = profile.getStatus() == null ? null : profile.getStatus().phase();
        var current =
                profile.getStatus() != null
                        && Objects.equals(
                                profile.getStatus().observedGeneration(),
                                profile.getMetadata().getGeneration());
        if (phase == Phase.ACTIVE) {
            return current ? new Follow() : new Activate();
        }
        var found = violations.get();
        if (found.isEmpty()) {
            return phase == Phase.CREATING ? new Activate() : new Begin();
        }
        var message =
                found.stream()
                        .map(v -> v.message() + " (" + v.fieldPath() + ")")
                        .collect(Collectors.joining("; "));
        var told =
                current
                        && phase == Phase.CREATE_FAILED
                        && message.equals(profile.getStatus().message());
        return told ? new Rest() : new Fail(message);
    }
}
