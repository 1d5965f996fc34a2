package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.RequestMatch.AnyOf;
import dev.monopod.loadbalancing.rules.RequestMatch.Host;
import dev.monopod.loadbalancing.rules.RequestMatch.Method;
import dev.monopod.loadbalancing.rules.RequestMatch.PathExact;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How a real HAProxy serves them is shown by `IngressRoutesIT`.
final class IngressConditionsTest {
    private static final RequestMatch PATH = new PathExact("/");

    @Test
    void hostsAndPathsStandBesideThoseOfTheRuleAndTheOthersAreAskedForToo() {
        var conditions =
                IngressConditions.parse(
                        "conditions.web",
                        """
                        [{"field":"host-header","HostHeaderConfig":{"Values":["B.example.com"]}},
                         {"field":"path-pattern","pathPatternConfig":{"values":["/b"]}},
                         {"field":"http-request-method","httpRequestMethodConfig":{"values":["GET"]}}]
                        """);

        assertThat(conditions.with(Optional.of(new Host("a.example.com")), PATH, 2))
                .containsExactly(
                        new AnyOf(List.of(new Host("a.example.com"), new Host("b.example.com"))),
                        new AnyOf(List.of(PATH, new PathExact("/b"))),
                        new Method("GET"));
    }

    @Test
    void changesNothingWithoutAny() {
        assertThat(IngressConditions.NONE.with(Optional.empty(), PATH, 1)).containsExactly(PATH);
    }

    @Test
    void refusesMoreValuesThanARuleOfAnAlbMayHave() {
        var conditions =
                IngressConditions.parse(
                        "conditions.web",
                        """
                        [{"field":"source-ip","sourceIpConfig":{"values":["10.0.0.0/8","10.1.0.0/16","10.2.0.0/16","10.3.0.0/16"]}}]
                        """);

        assertThat(conditions.with(Optional.empty(), PATH, 1)).hasSize(2);
        assertThatThrownBy(() -> conditions.with(Optional.of(new Host("a")), PATH, 2))
                .isInstanceOf(BadAnnotation.class)
                .hasMessage(
                        "annotation conditions.web: values of one rule, with its own host and path: 6, the limit is 5");
    }

    /// HAProxy would refuse what is no address, and with it all rules of the load balancer.
    @Test
    void takesNothingThatIsNoRangeOfIpv4AsItIsWritten() {
        var conditions =
                IngressConditions.parse(
                        "conditions.web",
                        """
                        [{"field":"source-ip","sourceIpConfig":{"values":["2001:db8::/32","no: address"]}}]
                        """);

        var nobody = new RequestMatch.Source("255.255.255.255/32");
        assertThat(conditions.others()).containsExactly(List.of(nobody, nobody));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '§',
            value = {
                "{} | it is no list",
                "[{] | it is no JSON",
                "[{'field':'header'}] | field \"header\" is none of an ALB's",
                "[{'field':'host-header'}] | hostHeaderConfig has no values",
                "[{'field':'host-header','hostHeaderConfig':{'regexValues':['^a$']}}] | hostHeaderConfig.regexValues is not supported",
                "[{'field':'path-pattern','pathPatternConfig':{'values':['']}}] | pathPatternConfig has an empty value",
                "[{'field':'path-pattern','pathPatternConfig':{'values':['/*/*/*/*/*/*']}}] | pathPatternConfig: wildcards of \"/*/*/*/*/*/*\": 6, the limit is 5",
                "[{'field':'http-header','httpHeaderConfig':{'httpHeaderName':'Host','values':['a']}}] | \"Host\" is no name of a header",
                "[{'field':'http-header','httpHeaderConfig':{'httpHeaderName':'a b','values':['a']}}] | \"a b\" is no name of a header",
                "[{'field':'http-request-method','httpRequestMethodConfig':{'values':['get']}}] | \"get\" is not 1 to 40 of A-Z",
                "[{'field':'query-string','queryStringConfig':{'values':[{'key':'a'}]}}] | queryStringConfig has an empty value",
                "[{'field':'source-ip','sourceIpConfig':{'values':['10.0.0.0/33']}}] | sourceIPConfig: "
            })
    void namesWhatCannotBeServed(String json, String message) {
        assertThatThrownBy(() ->
                        IngressConditions.parse(
                                ApplicationLoadBalancers.PREFIX + "conditions.web",
                                json.replace('\'', '"')))
                .isInstanceOf(BadAnnotation.class)
                .hasMessageContaining(ApplicationLoadBalancers.PREFIX + "conditions.web")
                .hasMessageContaining(message);
    }
}
