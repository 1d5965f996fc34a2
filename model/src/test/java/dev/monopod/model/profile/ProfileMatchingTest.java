package dev.monopod.model.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.profile.Profile.UnsupportedPods;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Contract, "Profiles", rows F2 and F7.
final class ProfileMatchingTest {
    private static final Profile BETA = profile("beta", new Selector("shop*", Map.of()));
    private static final Profile ALPHA =
            profile("alpha", new Selector("shop", Map.of("app", "web-?")));

    @ParameterizedTest
    @CsvSource({
        "shop, shop, true", "shop, shops, false", "sh?p, shop, true", "sh?p, shp, false",
        "*, '', true", "a*b*c, aXbYbc, true", "a*b*c, aXbYb, false", "?, '', false",
        "prod-*, prod-, true", "prod-*, prod, false", "a.b, axb, false"
    })
    void matchesWildcards(String pattern, String text, boolean matches) {
        Wildcard wildcard = new Wildcard(pattern);

        assertThat(wildcard.matches(text)).isEqualTo(matches);
        assertThat(text.matches(wildcard.regularExpression())).isEqualTo(matches);
    }

    @Test
    void takesTheFirstByNameOfSeveral() {
        assertThat(choose(Map.of("app", "web-1"), Map.of())).isEqualTo(new Match.Selected(ALPHA));
        assertThat(choose(Map.of("app", "web"), Map.of())).isEqualTo(new Match.Selected(BETA));
    }

    @Test
    void takesTheProfileThatTheLabelNames() {
        Map<String, String> labels =
                Map.of("app", "web-1", "eks.amazonaws.com/fargate-profile", "beta");

        assertThat(choose(labels, Map.of())).isEqualTo(new Match.Selected(BETA));
    }

    @Test
    void saysWhyTheNamedProfileCannotBeTaken() {
        assertThat(choose(Map.of("eks.amazonaws.com/fargate-profile", "alpha"), Map.of()))
                .isEqualTo(
                        new Match.LabelNamesOther(
                                "alpha",
                                "no selector of Fargate profile alpha matches the pod's namespace shop"
                                        + " and labels"));
        assertThat(choose(Map.of("eks.amazonaws.com/fargate-profile", "gone"), Map.of()))
                .isEqualTo(
                        new Match.LabelNamesOther(
                                "gone", "there is no ACTIVE Fargate profile named gone"));
    }

    @Test
    void leavesPodsAloneThatOptOut() {
        assertThat(choose(Map.of(), Map.of("eks.amazonaws.com/compute-type", "ec2")))
                .isEqualTo(new Match.OptedOut());
    }

    @Test
    void leavesPodsAloneThatNoProfileSelects() {
        assertThat(ProfileMatching.choose(List.of(BETA, ALPHA), "other", Map.of(), Map.of()))
                .isEqualTo(new Match.None());
    }

    @Test
    void needsEveryLabelAndExpandsWildcardsInKeys() {
        Selector selector = new Selector("n", Map.of("team/*", "blue", "tier", "*"));

        assertThat(selector.matches("n", Map.of("team/x", "blue", "tier", "db"))).isTrue();
        assertThat(selector.matches("n", Map.of("team/x", "blue"))).isFalse();
        assertThat(selector.matches("n", Map.of("team/x", "red", "tier", "db"))).isFalse();
    }

    private static Match choose(Map<String, String> labels, Map<String, String> annotations) {
        return ProfileMatching.choose(List.of(BETA, ALPHA), "shop", labels, annotations);
    }

    private static Profile profile(String name, Selector selector) {
        return new Profile(name, List.of(selector), List.of("private-a"), UnsupportedPods.REJECT);
    }
}
