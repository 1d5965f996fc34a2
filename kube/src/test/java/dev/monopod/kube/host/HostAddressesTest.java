package dev.monopod.kube.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.network.Cidr;
import org.junit.jupiter.api.Test;

/// Which addresses a further host may have; that one is given once is the API server's promise.
final class HostAddressesTest {
    private static final long FIRST_HOST = Cidr.address("192.168.0.4");

    @Test
    void leavesOutWhatIsReservedAndTheFirstHost() {
        assertThat(
                        HostAddresses.candidates(Cidr.parse("192.168.0.0/27"), FIRST_HOST)
                                .mapToObj(Cidr::text))
                .startsWith("192.168.0.5", "192.168.0.6")
                .endsWith("192.168.0.15");
    }

    @Test
    void leavesTheUpperHalfToLoadBalancers() {
        assertThat(HostAddresses.candidates(Cidr.parse("192.168.0.0/19"), FIRST_HOST).max())
                .hasValue(Cidr.address("192.168.15.254"));
    }

    @Test
    void leavesOutWhatLooksLikeANetworkOrABroadcast() {
        assertThat(
                        HostAddresses.candidates(Cidr.parse("192.168.0.0/19"), FIRST_HOST)
                                .mapToObj(Cidr::text))
                .doesNotContain("192.168.0.255", "192.168.1.0")
                .contains("192.168.0.254", "192.168.1.1");
    }
}
