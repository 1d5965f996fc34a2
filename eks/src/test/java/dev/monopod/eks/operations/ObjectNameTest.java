package dev.monopod.eks.operations;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ObjectNameTest {
    @ParameterizedTest
    @CsvSource({"web, true", "0-a, true", "Web, false", "a_b, false", "a-, false", "A, false"})
    void keepsNamesThatAnObjectCanHave(String profile, boolean fits) {
        assertThat(ObjectName.fits(profile)).isEqualTo(fits);
    }

    @ParameterizedTest
    @CsvSource({"Web_App, web-app", "a-, a", "A__-, a", "0, 0"})
    void derivesNamesThatShowTheProfile(String profile, String shown) {
        assertThat(ObjectName.derived(profile)).matches(shown + "\\.[0-9a-f]{20}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"web", "Web", "WEB", "web_", "web-", "web--"})
    void derivesOneNameForOneProfileOnly(String profile) {
        assertThat(ObjectName.derived(profile)).isEqualTo(ObjectName.derived(profile));
        assertThat(ObjectName.derived(profile)).isNotEqualTo(ObjectName.derived("web_-"));
        assertThat(ObjectName.derived("A".repeat(100)).length()).isLessThan(253);
    }
}
