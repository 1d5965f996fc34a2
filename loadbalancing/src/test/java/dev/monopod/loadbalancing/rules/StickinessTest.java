package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.Stickiness.Mark;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How a real HAProxy serves it is shown by `IngressRoutesIT`.
final class StickinessTest {
    private static final String PREFIX = ApplicationLoadBalancers.PREFIX;

    @Test
    void isADayByACookieOfTheLoadBalancerUnlessToldOtherwise() {
        assertThat(Stickiness.ofRequests(annotations("stickiness.enabled=true")))
                .contains(new Stickiness(new Mark.Given("AWSALB"), Duration.ofDays(1)));
        assertThat(
                        Stickiness.ofRequests(
                                annotations(
                                        "stickiness.enabled=true,stickiness.type=app_cookie,"
                                                + "stickiness.app_cookie.cookie_name=id,"
                                                + "stickiness.app_cookie.duration_seconds=60")))
                .contains(new Stickiness(new Mark.Of("id"), Duration.ofMinutes(1)));
        assertThat(Stickiness.ofConnections(annotations("stickiness.enabled=true")))
                .contains(new Stickiness(new Mark.Address(), Duration.ofHours(1)));
        assertThat(
                        Stickiness.ofRequests(
                                annotations("stickiness.enabled=false,stickiness.type=lb_cookie")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "stickiness.enabled=yes | stickiness.enabled: \"yes\" is not true or false",
                "stickiness.enabled=true,stickiness.type=source_ip | stickiness.type: \"source_ip\" is not lb_cookie or app_cookie",
                "stickiness.enabled=true,stickiness.lb_cookie.duration_seconds=604801 | stickiness.lb_cookie.duration_seconds: \"604801\" is not a number from 1 to 604800",
                "stickiness.enabled=true,stickiness.type=app_cookie | stickiness.app_cookie.cookie_name: \"\" is not",
                "stickiness.enabled=true,stickiness.type=app_cookie,stickiness.app_cookie.cookie_name=AWSALBX | cookie_name: \"AWSALBX\" is not",
                "stickiness.enabled=true,stickiness.type=app_cookie,stickiness.app_cookie.cookie_name=a) | cookie_name: \"a)\" is not"
            })
    void namesTheAttributeThatIsWrong(String attributes, String message) {
        assertThatThrownBy(() -> Stickiness.ofRequests(annotations(attributes)))
                .isInstanceOf(BadAnnotation.class)
                .hasMessageStartingWith("annotation " + PREFIX + "target-group-attributes: ")
                .hasMessageContaining(message);
    }

    private static Annotations annotations(String attributes) {
        return new Annotations(PREFIX, Map.of(PREFIX + "target-group-attributes", attributes));
    }
}
