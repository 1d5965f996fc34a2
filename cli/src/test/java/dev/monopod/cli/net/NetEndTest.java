package dev.monopod.cli.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.cli.terminal.CliException;
import org.junit.jupiter.api.Test;

final class NetEndTest {
    @Test
    void takesTheGivenNamespaceForWhatNamesNone() {
        assertThat(NetEnd.parse("web", "team")).isEqualTo(new NetEnd.OfPod("team", "web"));
        assertThat(NetEnd.parse("shop/web", "team")).isEqualTo(new NetEnd.OfPod("shop", "web"));
    }

    @Test
    void knowsAServiceByItsPrefix() {
        assertThat(NetEnd.parse("svc/web", "team")).isEqualTo(new NetEnd.OfService("team", "web"));
        assertThat(NetEnd.parse("svc/shop/web", "team"))
                .isEqualTo(new NetEnd.OfService("shop", "web"));
    }

    @Test
    void takesDigitsAndDotsForAnAddress() {
        assertThat(NetEnd.parse("10.0.0.1", "team")).isEqualTo(new NetEnd.OfAddress("10.0.0.1"));
        assertThat(NetEnd.parse("web-1", "team")).isEqualTo(new NetEnd.OfPod("team", "web-1"));
    }

    @Test
    void refusesAnAddressThatIsNone() {
        assertThatThrownBy(() -> NetEnd.parse("10.0.0.256", "team"))
                .isInstanceOf(CliException.class)
                .hasMessageContaining("256");
    }
}
