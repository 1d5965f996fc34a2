package dev.monopod.model.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.profile.Profile.UnsupportedPods;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProfileOverlapTest {
    @Test
    void namesTheOtherProfileAndWhichOfBothRunsThePods() {
        assertThat(
                        ProfileOverlap.of(
                                profile("b", "shop*", Map.of("tier", "web")),
                                List.of(
                                        profile("c", "other", Map.of()),
                                        profile("a", "shop", Map.of("app", "x")),
                                        profile("b", "shop", Map.of()))))
                .containsExactly(
                        "spec.selectors[0] may select pods that Fargate profile a selects too, by"
                                + " namespace shop and labels {app=x}; of both, a runs them, the first by"
                                + " name, unless their label eks.amazonaws.com/fargate-profile names the"
                                + " other");
    }

    @Test
    void isSilentWhereNoPodCanHaveBothLabels() {
        assertThat(
                        ProfileOverlap.of(
                                profile("a", "shop", Map.of("tier", "web")),
                                List.of(profile("b", "shop", Map.of("tier", "db")))))
                .isEmpty();
        assertThat(
                        ProfileOverlap.of(
                                profile("a", "shop", Map.of("tier", "w*")),
                                List.of(profile("b", "shop", Map.of("tier", "*b")))))
                .hasSize(1);
    }

    @Test
    void namesAtMostFive() {
        var others = IntStream.range(0, 20).mapToObj(n -> profile("p" + n, "*", Map.of())).toList();
        assertThat(ProfileOverlap.of(profile("a", "shop", Map.of()), others)).hasSize(5);
    }

    @ParameterizedTest
    @CsvSource({
        "a, a, true",
        "a, b, false",
        "a*, *b, true",
        "a?, ?b, true",
        "a?, b?, false",
        "a*c, a, false",
        "*, '', true",
        "??, ?, false",
        "a*b*c, *x*, true",
        "abc, a*d, false"
    })
    void findsWhetherPatternsMeet(String one, String other, boolean meet) {
        assertThat(new Wildcard(one).meets(new Wildcard(other))).isEqualTo(meet);
        assertThat(new Wildcard(other).meets(new Wildcard(one))).isEqualTo(meet);
    }

    @Test
    void patternsMeetWheneverATextMatchesBoth() {
        var random = new Random(7);
        var texts = IntStream.range(0, 121).mapToObj(n -> Integer.toString(n + 81, 3)).toList();
        for (var round = 0; round < 2000; round++) {
            var one = new Wildcard(pattern(random));
            var other = new Wildcard(pattern(random));
            if (texts.stream().anyMatch(text -> one.matches(text) && other.matches(text))) {
                assertThat(one.meets(other)).as("%s %s", one, other).isTrue();
            }
            if (one.literal()) {
                assertThat(one.meets(other)).isEqualTo(other.matches(one.pattern()));
            }
        }
    }

    private static String pattern(Random random) {
        var text = new StringBuilder();
        for (var length = random.nextInt(6); length > 0; length--) {
            text.append("012*?".charAt(random.nextInt(5)));
        }
        return text.toString();
    }

    private static Profile profile(String name, String namespace, Map<String, String> labels) {
        return new Profile(
                name,
                List.of(new Selector(namespace, labels)),
                List.of("a"),
                UnsupportedPods.REJECT);
    }
}
