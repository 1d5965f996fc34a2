package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WildcardsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/a/*/b | /a/x/y/b | true",
                "/a/*/b | /a/b | false",
                "/a?c | /abc | true",
                "/a?c | /ac | false",
                "*.jpg | /x.jpg | true",
                "*.jpg | /xjpg | false",
                "(a)[b]$+.{2}^ | (a)[b]$+.{2}^ | true",
                "* | '' | true"
            })
    void holdsForWhatAnAlbTakes(String pattern, String text, boolean wanted) {
        assertThat(text.matches(Wildcards.expression(pattern))).isEqualTo(wanted);
    }

    /// What is taken where it comes first leaves the most to what follows.
    @Test
    void holdsForTheSameAsAPatternThatTriesEverything() {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++) {
            var pattern = text(random, "ab*?", 7);
            var text = text(random, "ab", 10);

            assertThat(Pattern.matches(Wildcards.expression(pattern), text))
                    .as("%s of %s", pattern, text)
                    .isEqualTo(holds(pattern, text));
        }
    }

    private static String text(Random random, String signs, int most) {
        var text = new StringBuilder();
        for (var left = random.nextInt(most + 1); left > 0; left--) {
            text.append(signs.charAt(random.nextInt(signs.length())));
        }
        return text.toString();
    }

    private static boolean holds(String pattern, String text) {
        if (pattern.isEmpty()) {
            return text.isEmpty();
        }
        var rest = pattern.substring(1);
        return switch (pattern.charAt(0)) {
            case '*' -> holds(rest, text) || !text.isEmpty() && holds(pattern, text.substring(1));
            case '?' -> !text.isEmpty() && holds(rest, text.substring(1));
            default -> text.startsWith(pattern.substring(0, 1)) && holds(rest, text.substring(1));
        };
    }
}
