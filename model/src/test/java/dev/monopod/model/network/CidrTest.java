package dev.monopod.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Row F19: addresses of a subnet.
final class CidrTest {
    @Test
    void reservesTheFirstFourAddressesAndTheLast() {
        Cidr cidr = Cidr.parse("192.168.96.0/28");

        assertThat(cidr.usableAddresses())
                .hasSize(11)
                .startsWith("192.168.96.4")
                .endsWith("192.168.96.14");
        assertThat(cidr.usableCount()).isEqualTo(11);
        assertThat(cidr.gateway()).isEqualTo("192.168.96.1");
        assertThat(cidr.reserved(Cidr.address("192.168.96.3"))).isTrue();
        assertThat(cidr.reserved(Cidr.address("192.168.96.4"))).isFalse();
        assertThat(cidr.reserved(Cidr.address("192.168.96.15"))).isTrue();
    }

    @Test
    void knowsWhatItContainsAndOverlaps() {
        Cidr vpc = Cidr.parse("192.168.0.0/16");
        Cidr subnet = Cidr.parse("192.168.128.0/19");

        assertThat(vpc.contains(subnet)).isTrue();
        assertThat(subnet.contains(vpc)).isFalse();
        assertThat(subnet.overlaps(vpc)).isTrue();
        assertThat(subnet.overlaps(Cidr.parse("192.168.96.0/19"))).isFalse();
        assertThat(vpc.contains("192.168.255.255")).isTrue();
        assertThat(vpc.contains("192.169.0.0")).isFalse();
        assertThat(Cidr.parse("0.0.0.0/0").contains("255.255.255.255")).isTrue();
        assertThat(Cidr.parse("255.255.255.255/32").usable()).isEmpty();
        assertThat(vpc).hasToString("192.168.0.0/16");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.0.0.0",
                "10.0.0/8",
                "10.0.0.0/33",
                "10.0.0.1/8",
                "256.0.0.0/8",
                "10.0.0.0/",
                "010.0.0.0/8",
                "10.0.0.0/-1",
                "::/0",
                "10.0.0.0/8 "
            })
    void refusesWhatIsNoRange(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Cidr.parse(text));
    }

    @Test
    void clearsBitsBeyondThePrefixWhereTheyAreAllowed() {
        assertThat(Cidr.around("192.168.7.9/16")).hasToString("192.168.0.0/16");
        assertThat(Cidr.around("10.0.0.1")).hasToString("10.0.0.1/32");
        assertThat(Cidr.around("10.9.8.7/0")).hasToString("0.0.0.0/0");
        for (String text :
                new String[] {"", "1.2.3", "1.2.3.4/33", "1.2.3.256", "a.b.c.d", "fe80::/64"}) {
            assertThatIllegalArgumentException().as(text).isThrownBy(() -> Cidr.around(text));
        }
    }
}
