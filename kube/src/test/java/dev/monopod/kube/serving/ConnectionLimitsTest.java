package dev.monopod.kube.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.serving.ConnectionLimits.Bounds;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConnectionLimitsTest {
    private static final InetAddress HOST = address("10.0.0.4");
    private static final InetAddress OTHER_HOST = address("10.0.0.5");

    private Instant now = Instant.EPOCH;
    private final ConnectionLimits limits =
            new ConnectionLimits(new Bounds(10, 6, 3), new TestClock());

    @Test
    void onePeerHasFewConnections() {
        assertThat(enter(address("10.0.1.1"), 5)).hasSize(3);
        assertThat(enter(address("10.0.1.2"), 1)).hasSize(1);
    }

    @Test
    void whatEndsMakesRoom() {
        var places = enter(address("10.0.1.1"), 3);

        places.forEach(ConnectionLimits.Place::leave);

        assertThat(enter(address("10.0.1.1"), 5)).hasSize(3);
    }

    @Test
    void strangersTogetherLeaveRoomForTheHost() {
        for (var i = 1; i <= 9; i++) {
            enter(address("10.0.1." + i), 3);
        }

        assertThat(enter(address("10.0.2.1"), 1)).isEmpty();
        assertThat(enter(HOST, 9)).hasSize(4);
    }

    @Test
    void whoHasShownACertificateFindsRoomDespiteAFlood() {
        var apiServer = enter(OTHER_HOST, 1).getFirst();
        apiServer.noteCertificate();
        for (var i = 1; i <= 9; i++) {
            enter(address("10.0.1." + i), 3);
        }

        assertThat(enter(OTHER_HOST, 9)).hasSize(3);
    }

    @Test
    void aCertificateFreesTheStrangersPlace() {
        enter(address("10.0.1.1"), 3).forEach(ConnectionLimits.Place::noteCertificate);

        assertThat(enter(address("10.0.1.2"), 3)).hasSize(3);
        assertThat(enter(address("10.0.1.3"), 3)).hasSize(3);
    }

    @Test
    void aCertificateIsForgottenAfterAnHour() {
        var place = enter(OTHER_HOST, 1).getFirst();
        place.noteCertificate();
        place.leave();
        now = now.plus(Duration.ofMinutes(61));

        assertThat(enter(OTHER_HOST, 9)).hasSize(3);
    }

    private List<ConnectionLimits.Place> enter(InetAddress peer, int times) {
        List<ConnectionLimits.Place> places = new ArrayList<>();
        for (var i = 0; i < times; i++) {
            limits.enter(peer, HOST).ifPresent(places::add);
        }
        return places;
    }

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private final class TestClock extends Clock {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
