package dev.monopod.controller.patching;

import static dev.monopod.controller.patching.Targets.leaving;
import static dev.monopod.controller.patching.Targets.target;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.patching.Candidate.Hope;
import dev.monopod.kube.patching.PatchTarget;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class PatchPlanTest {
    @Test
    void evictsOneOfEachGroupInTheFirstZoneAlone() {
        var plan =
                PatchPlan.of(
                        List.of(
                                waits(target("a", "one"), "web", Hope.LATER),
                                waits(target("b", "one"), "web", Hope.LATER),
                                waits(target("c", "one"), "db", Hope.UNBOUND),
                                waits(target("d", "two"), "cache", Hope.UNBOUND)));

        assertThat(plan.zone()).contains("one");
        assertThat(names(plan.evictions())).containsExactly("a", "c");
    }

    @Test
    void aPodThatLeavesHoldsItsZoneAndThoseOfItsOwner() {
        var plan =
                PatchPlan.of(
                        List.of(
                                waits(leaving(target("a", "one")), "web", Hope.UNBOUND),
                                waits(target("b", "one"), "web", Hope.UNBOUND),
                                waits(target("c", "two"), "db", Hope.UNBOUND)));
        var last =
                PatchPlan.of(
                        List.of(
                                waits(leaving(target("b", "one")), "web", Hope.UNBOUND),
                                waits(target("c", "two"), "db", Hope.UNBOUND)));

        assertThat(plan.evictions()).isEmpty();
        assertThat(last.zone()).contains("one");
        assertThat(last.evictions()).isEmpty();
    }

    @Test
    void aBudgetSaysItselfHowManyMayLeave() {
        var plan =
                PatchPlan.of(
                        List.of(
                                waits(leaving(target("a", "one")), "web", Hope.LATER),
                                waits(target("b", "one"), "web", Hope.LATER)));

        assertThat(names(plan.evictions())).containsExactly("b");
    }

    @Test
    void aRefusedPodHoldsUpNoOtherAndIsTriedOnceMoreWhenItIsDue() {
        var stuck = target("stuck", "one");
        var also = target("also", "one");
        var others = waits(target("next", "two"), "web", Hope.LATER);

        var early = PatchPlan.of(List.of(refused(stuck, "db", false), others));
        var late =
                PatchPlan.of(
                        List.of(refused(stuck, "db", true), refused(also, "db", true), others));
        var leaves =
                PatchPlan.of(
                        List.of(refused(leaving(stuck), "db", true), refused(also, "db", true)));

        assertThat(early.lastTries()).isEmpty();
        assertThat(early.zone()).contains("two");
        assertThat(names(early.evictions())).containsExactly("next");
        assertThat(names(late.lastTries())).containsExactly("stuck");
        assertThat(leaves.zone()).isEmpty();
        assertThat(leaves.lastTries()).as("one after another, though nobody allows them").isEmpty();
    }

    @Test
    void triesSoManyInAPassAndNoMore() {
        var many =
                IntStream.range(0, 3 * PatchPlan.MOST)
                        .mapToObj(
                                each -> waits(target("p" + each, "one"), "g" + each, Hope.UNBOUND))
                        .toList();

        assertThat(PatchPlan.of(many).evictions()).hasSize(PatchPlan.MOST);
    }

    private static Candidate waits(PatchTarget target, String group, Hope hope) {
        return new Candidate(target, group, hope, Optional.empty(), false);
    }

    private static Candidate refused(PatchTarget target, String group, boolean due) {
        return new Candidate(target, group, Hope.NEVER, Optional.of(Targets.refused(target)), due);
    }

    private static List<String> names(List<Candidate> candidates) {
        return candidates.stream()
                .map(each -> each.target().pod().getMetadata().getName())
                .toList();
    }
}
