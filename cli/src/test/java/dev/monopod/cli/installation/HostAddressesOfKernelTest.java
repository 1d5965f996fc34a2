package dev.monopod.cli.installation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class HostAddressesOfKernelTest {
    @Test
    void findsTheAddressesOfThisMachineButMonopods() {
        assertThat(
                        Underlays.global(
                                """
                                2: eth0    inet 198.51.100.7/24 brd 198.51.100.255 scope global dynamic eth0\\       valid_lft 1sec
                                4: mp-default    inet 192.168.0.4/32 scope global mp-default\\       valid_lft forever
                                5: eth1    inet 203.0.113.9/24 scope global eth1\\       valid_lft forever
                                """))
                .containsExactly("198.51.100.7", "203.0.113.9");
    }

    @Test
    void findsTheRangesThatThisHostRoutesButMonopods() {
        assertThat(
                        HostRoutes.parse(
                                """
                                default via 198.51.100.1 dev eth0
                                10.8.0.0/24 dev wg0 proto kernel scope link
                                unreachable 10.9.0.0/16
                                192.168.0.0/16 dev mp-default scope link
                                local 198.51.100.7 dev eth0 table local proto kernel
                                broadcast 198.51.100.255 dev eth0 table local
                                multicast 224.0.0.0/4 dev eth0
                                """))
                .extracting(Object::toString)
                .isEqualTo(
                        List.of(
                                "10.8.0.0/24",
                                "10.9.0.0/16",
                                "198.51.100.7/32",
                                "198.51.100.255/32"));
    }
}
