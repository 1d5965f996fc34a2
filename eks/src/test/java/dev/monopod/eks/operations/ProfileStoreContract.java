package dev.monopod.eks.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.operations.ProfileStore.Creation;
import dev.monopod.eks.operations.ProfileStore.Draft;
import dev.monopod.eks.operations.ProfileStore.Retagging;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.kube.mapping.Profiles;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What every store of profiles does. There is a VPC `default` with the subnets `private-a`,
/// `private-b` and `public-a`, and no profile.
abstract class ProfileStoreContract {
    abstract ProfileStore store();

    /// What kubectl makes.
    abstract void apply(String objectName, FargateProfileSpec spec);

    /// The last of a profile.
    abstract void remove(FargateProfile profile);

    @Test
    void makesWhatTheDraftSays() {
        var made =
                created(
                        new Draft(
                                "web",
                                spec("web", Map.of("k", "v")),
                                Map.of("example.com/a", "b")));

        assertThat(made.getMetadata().getName()).isEqualTo("web");
        assertThat(made.getMetadata().getUid()).isNotEmpty();
        assertThat(made.getMetadata().getCreationTimestamp()).isNotEmpty();
        assertThat(made.getMetadata().getAnnotations()).containsEntry("example.com/a", "b");
        assertThat(made.getSpec().tags()).isEqualTo(Map.of("k", "v"));
        assertThat(store().list()).extracting(Profiles::name).containsExactly("web");
    }

    @Test
    void keepsNamesThatAnObjectCannotHave() {
        var one = created(draft("Web_1"));
        var other = created(draft("web-1"));
        var third = created(draft("web_1"));

        assertThat(one.getMetadata().getName()).isEqualTo(ObjectName.derived("Web_1"));
        assertThat(other.getMetadata().getName()).isEqualTo("web-1");
        assertThat(third.getMetadata().getName()).isNotEqualTo(one.getMetadata().getName());
        assertThat(store().list())
                .extracting(Profiles::name)
                .containsExactlyInAnyOrder("Web_1", "web-1", "web_1");
    }

    @Test
    void makesAProfileWhoseNameIsAnotherObjects() {
        apply("web", spec("Other", Map.of()));

        assertThat(created(draft("web")).getMetadata().getName())
                .isEqualTo(ObjectName.derived("web"));
    }

    @Test
    void makesNoSecondProfileOfAName() {
        var unused = created(draft("web"));

        assertThat(store().create(draft("web"))).isEqualTo(new Creation.Taken());
        assertThat(store().list()).hasSize(1);
    }

    @Test
    void changesSomeTagsAndLeavesOthers() {
        var made = created(new Draft("web", spec("web", Map.of("a", "1", "b", "2")), Map.of()));

        assertThat(store().retag(made, Map.of("b", "3", "c", ""), Set.of()))
                .isEqualTo(new Retagging.Retagged());
        assertThat(store().retag(made, Map.of(), Set.of("a", "none")))
                .isEqualTo(new Retagging.Retagged());

        assertThat(store().list().getFirst().getSpec().tags()).isEqualTo(Map.of("b", "3", "c", ""));
        assertThat(store().list().getFirst().getSpec().selectors())
                .isEqualTo(made.getSpec().selectors());
    }

    @Test
    void tagsAProfileThatHadNone() {
        var made = created(new Draft("web", spec("web", null), Map.of()));

        assertThat(store().retag(made, Map.of("a", "1"), Set.of("b")))
                .isEqualTo(new Retagging.Retagged());

        assertThat(store().list().getFirst().getSpec().tags()).isEqualTo(Map.of("a", "1"));
    }

    @Test
    void tagsNoProfileThatIsGone() {
        var made = created(draft("web"));
        remove(made);
        assertThat(store().retag(made, Map.of("a", "1"), Set.of())).isEqualTo(new Retagging.Gone());

        var unused = created(draft("web"));
        assertThat(store().retag(made, Map.of("a", "1"), Set.of())).isEqualTo(new Retagging.Gone());
        assertThat(ProfileView.tags(store().list().getFirst())).isEmpty();
    }

    @Test
    void deletesOnceAndAgain() {
        var made = created(draft("web"));

        store().delete(made);
        store().delete(made);

        assertThat(store().list()).allMatch(ProfileView::isDeleted);
    }

    @Test
    void knowsThePrivateSubnetsOfAVpc() {
        assertThat(store().privateSubnets("default")).containsExactly("private-a", "private-b");
        assertThat(store().privateSubnets("other")).isEmpty();
    }

    private FargateProfile created(Draft draft) {
        return switch (store().create(draft)) {
            case Creation.Created(FargateProfile profile) -> profile;
            case Creation.Taken _, Creation.OverQuota _, Creation.Invalid _ ->
                    throw new AssertionError(draft);
        };
    }

    private static Draft draft(String name) {
        return new Draft(name, spec(name, Map.of()), Map.of());
    }

    private static FargateProfileSpec spec(String name, Map<String, String> tags) {
        return ProfileOperationsTest.spec(name, List.of("private-a"), tags);
    }
}
