package dev.monopod.host.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.network.Fabric.Peer;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class FabricRulesTest {
    private static final Fabric FABRIC =
            new Fabric(
                    "default",
                    new Underlay("198.51.100.1", 1500),
                    "192.168.0.1",
                    List.of(new Peer("198.51.100.2", Set.of("192.168.0.5", "192.168.96.11"))));

    @Test
    void onlyHostsOfTheClusterSpeakVxlan() {
        assertThat(FabricRules.host(List.of(FABRIC)))
                .contains("elements = { 198.51.100.2 }")
                .contains("udp dport 14789 ip saddr != @hosts counter drop");
    }

    @Test
    void podsReachNothingOfOtherHostsButTheirApiServer() {
        assertThat(FabricRules.host(List.of(FABRIC)))
                .containsSubsequence(
                        "iifname \"mp-*\" ip daddr @hosts tcp dport 6443 accept",
                        "iifname \"mp-*\" ip daddr @hosts counter drop");
    }

    @Test
    void whatComesFromAHostHasASenderThatItCarries() {
        assertThat(FabricRules.router(FABRIC))
                .contains(
                        "elements = { 192.168.0.1 . 02:58:c6:33:64:02, 192.168.0.5 . 02:58:c6:33:64:02, 192.168.96.11 . 02:58:c6:33:64:02 }")
                .contains("iifname \"vx0\" ip saddr . ether saddr != @senders counter drop");
    }

    @Test
    void aHostOnItsOwnHearsNobody() {
        var alone = new Fabric("default", FABRIC.self(), "192.168.0.1", List.of());

        assertThat(FabricRules.host(List.of(alone))).doesNotContain("elements");
        assertThat(FabricRules.router(alone)).doesNotContain("elements");
    }

    @Test
    void packetsOfPodsFitBetweenTheHosts() {
        assertThat(new Underlay("198.51.100.1", 1500).podMtu()).isEqualTo(1450);
        assertThat(new Underlay("198.51.100.1", 9001).podMtu()).isEqualTo(1500);
    }
}
