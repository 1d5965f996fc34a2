package dev.monopod.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class CidrTest {
    @Test
    void clearsBitsBeyondThePrefix() {
        assertThat(Cidr.parse("192.168.7.9/16")).hasToString("192.168.0.0/16");
    }

    @Test
    void countsAddressesFromTheFirst() {
        assertThat(Cidr.parse("10.42.0.0/16").host(4)).isEqualTo("10.42.0.4");
    }

    @Test
    void overlapsWhatContainsItAndWhatItContains() {
        Cidr range = Cidr.parse("192.168.0.0/16");

        assertThat(range.overlaps(Cidr.parse("192.168.3.0/24"))).isTrue();
        assertThat(range.overlaps(Cidr.parse("192.0.0.0/8"))).isTrue();
        assertThat(range.overlaps(Cidr.parse("default"))).isTrue();
        assertThat(range.overlaps(Cidr.parse("192.169.0.0/16"))).isFalse();
        assertThat(range.overlaps(Cidr.parse("10.0.0.1"))).isFalse();
    }

    @Test
    void refusesWhatIsNoRange() {
        for (String text :
                new String[] {"", "1.2.3", "1.2.3.4/33", "1.2.3.256", "a.b.c.d", "fe80::/64"}) {
            assertThatThrownBy(() -> Cidr.parse(text))
                    .as(text)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
