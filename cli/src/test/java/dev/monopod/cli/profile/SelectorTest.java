package dev.monopod.cli.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.FargateProfileSpec.Selector;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SelectorTest {
    @Test
    void showsLabelsInOrderAndOnlyIfThereAreAny() {
        assertThat(ProfileCommand.selector(new Selector("team-*", null))).isEqualTo("team-*");
        assertThat(ProfileCommand.selector(new Selector("a", Map.of()))).isEqualTo("a");
        assertThat(ProfileCommand.selector(new Selector("a", Map.of("z", "?", "b", "1"))))
                .isEqualTo("a{b=1,z=?}");
    }
}
