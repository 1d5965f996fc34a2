package dev.monopod.loadbalancing.haproxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.Backend;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.Transport;
import dev.monopod.loadbalancing.rules.HealthCheck;
import dev.monopod.loadbalancing.rules.HttpChange;
import dev.monopod.loadbalancing.rules.Listener;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.loadbalancing.rules.RequestMatch;
import dev.monopod.loadbalancing.rules.Target;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class HaproxyConfigurationTest {
    private static final Target TARGET = new Target("10.0.0.1", 80, 1, Target.State.READY);

    private static LoadBalancer balancer(
            List<RequestMatch> matches, List<HttpChange> changes, List<Target> targets) {
        var backend =
                new Backend(
                        "b",
                        changes,
                        new Behaviour.Pool(
                                targets,
                                new HealthCheck("/", "200", OptionalInt.empty(), 15, 5, 2, 2),
                                Optional.empty(),
                                Transport.PLAIN,
                                300));
        return new LoadBalancer(
                new Owner(Owner.Kind.INGRESS, "shop", "web"),
                "192.168.16.1",
                List.of(
                        new Listener(
                                80,
                                Protocol.HTTP,
                                List.of("192.168.0.0/16"),
                                List.of(),
                                List.of(new Listener.Rule(matches, "b")),
                                "b")),
                List.of(backend));
    }

    private static HaproxyConfiguration configuration(LoadBalancer balancer) {
        return HaproxyConfiguration.of(List.of(balancer), Path.of("/run/lb"));
    }

    @Test
    void keepsItsStructureWhenOnlyTargetsChange() {
        var none = configuration(balancer(List.of(), List.of(), List.of()));
        var one = configuration(balancer(List.of(), List.of(), List.of(TARGET)));

        assertThat(one.structure()).isEqualTo(none.structure());
        assertThat(one.text())
                .contains(
                        "server t-10-0-0-1-80 10.0.0.1:80 weight 1 source 192.168.16.1 check",
                        "server u-10-0-0-1-80 10.0.0.1:80 weight 1 source 192.168.16.1 backup\n");
    }

    @Test
    void whatUsersWriteStaysInItsWord() {
        var evil = "/x' } || TRUE\n  http-request return status 200\n# \"%[env(HOME)]\" $HOME \\";
        var text =
                configuration(
                                balancer(
                                        List.of(new RequestMatch.PathExact(evil)),
                                        List.of(
                                                new HttpChange.SetHeader(
                                                        HttpChange.Direction.REQUEST, "X-A", evil)),
                                        List.of()))
                        .text();

        assertThat(text)
                .contains(
                        "acl c0 path -m str -- '/x'\\'' } || TRUE?  http-request return status 200?#")
                .contains("set-header 'X-A' '/x'\\''")
                .contains("%%[env(HOME)]");
        assertThat(text.lines()).noneMatch(line -> line.startsWith("  http-request return"));
    }

    @Test
    void replacesWholeElementsOfAPath() {
        var text =
                configuration(
                                balancer(
                                        List.of(),
                                        List.of(
                                                new HttpChange.ReplacePrefix("/a", "/b"),
                                                new HttpChange.ReplacePrefix("/c", "/")),
                                        List.of()))
                        .text();

        assertThat(text)
                .contains("replace-path '^/a(/.*)?$' '/b\\1'")
                .contains("replace-path '^/c/*(.*)$' '/\\1'");
    }

    @Test
    void refusesSourcesOutsideOfTheRanges() {
        assertThat(configuration(balancer(List.of(), List.of(), List.of())).text())
                .contains(
                        "  acl source src 192.168.0.0/16\n"
                                + "  tcp-request connection reject unless source\n");
    }

    @Test
    void throwsOnceForEachRequestIfARuleHasAShare() {
        var text =
                configuration(
                                balancer(
                                        List.of(new RequestMatch.Chance(250_000)),
                                        List.of(),
                                        List.of()))
                        .text();

        assertThat(text)
                .containsOnlyOnce("http-request set-var(txn.throw) rand(1000000)")
                .contains("  acl c0 var(txn.throw) -m int lt 250000\n");
        assertThat(configuration(balancer(List.of(), List.of(), List.of())).text())
                .doesNotContain("txn.throw");
    }
}
