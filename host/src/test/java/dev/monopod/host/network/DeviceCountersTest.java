package dev.monopod.host.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.network.HostNetwork.Traffic;
import dev.monopod.host.network.HostNetwork.Traffic.Direction;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class DeviceCountersTest {
    @Test
    void whatATapReceivedItsMachineHasSent() {
        var text =
                """
                Inter-|   Receive                                                |  Transmit
                 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                mp-0a1b2c3d:   11 12 13 14 0 0 0 9 21 22 23 24 0 0 0 0
                """;

        assertThat(DeviceCounters.parse(text))
                .isEqualTo(
                        Map.of(
                                "mp-0a1b2c3d",
                                new Traffic(
                                        new Direction(21, 22, 23, 24),
                                        new Direction(11, 12, 13, 14))));
    }
}
