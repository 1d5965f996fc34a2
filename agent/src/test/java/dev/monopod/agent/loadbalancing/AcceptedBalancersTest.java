package dev.monopod.agent.loadbalancing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.loadbalancing.haproxy.HaproxyConfiguration;
import dev.monopod.loadbalancing.rules.Backend;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.Transport;
import dev.monopod.loadbalancing.rules.HealthCheck;
import dev.monopod.loadbalancing.rules.Listener;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.loadbalancing.rules.Target;
import dev.monopod.loadbalancing.rules.Target.State;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class AcceptedBalancersTest {
    private final List<String> refusedWords = new ArrayList<>();
    private int asked;
    private final AcceptedBalancers accepted =
            new AcceptedBalancers(this::complaint, Path.of("/run/lb"));

    private Optional<String> complaint(HaproxyConfiguration configuration) {
        asked++;
        return refusedWords.stream()
                .filter(word -> configuration.text().contains(word))
                .map(word -> "[ALERT] " + word)
                .findFirst();
    }

    @Test
    void findsTheOneThatIsRefusedAmongManyWithFewQuestions() throws IOException {
        var all = IntStream.range(0, 64).mapToObj(port -> balancer(1_000 + port)).toList();
        refusedWords.add(":1041");

        var taken = accepted.search(all);

        assertThat(taken).hasSize(63).doesNotContain(all.get(41));
        assertThat(accepted.complaints())
                .containsOnlyKeys(all.get(41).owner())
                .containsValue("[ALERT] :1041");
        assertThat(asked).isLessThan(16);
        assertThat(accepted.known(all)).isEqualTo(taken);
    }

    @Test
    void whatIsRefusedIsServedAsItWasBeforeWithTheTargetsOfNow() throws IOException {
        var before = balancer(80);
        accepted.loaded(List.of(before));
        refusedWords.add(":8080 ");
        refusedWords.add(":81");
        var after =
                new LoadBalancer(
                        before.owner(),
                        before.address(),
                        balancer(81).listeners(),
                        List.of(backend(List.of(new Target("10.0.0.9", 80, 1, State.READY)))));

        var taken = accepted.search(accepted.known(List.of(after)));

        assertThat(taken)
                .singleElement()
                .satisfies(one -> {
                    assertThat(one.listeners()).isEqualTo(before.listeners());
                    assertThat(one.backends()).isEqualTo(after.backends());
                });
        assertThat(accepted.known(List.of(after))).isEqualTo(taken);

        // Another try of the user is tried.
        refusedWords.clear();
        assertThat(accepted.known(List.of(after, balancer(82)))).hasSize(2);
    }

    @Test
    void ofTwoThatCantStandTogetherTheFirstIsTaken() throws IOException {
        var both = new ArrayList<>(List.of(balancer(80), balancer(81)));
        var together =
                new AcceptedBalancers(
                        configuration ->
                                configuration.text().contains(":80\n")
                                                && configuration.text().contains(":81\n")
                                        ? Optional.of("[ALERT] taken")
                                        : Optional.empty(),
                        Path.of("/run/lb"));

        assertThat(together.search(both)).containsExactly(both.getFirst());
    }

    @Test
    void blamesNobodyWhenHaproxyCantBeAsked() {
        var silent =
                new AcceptedBalancers(
                        _ -> Optional.of("haproxy -c did not end within 10 s"), Path.of("/run/lb"));

        assertThatThrownBy(() -> silent.search(List.of(balancer(80))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("did not end within 10 s");
        assertThat(silent.complaints()).isEmpty();
    }

    private static LoadBalancer balancer(int port) {
        return new LoadBalancer(
                new Owner(Owner.Kind.SERVICE, "shop", "web-" + port),
                "192.168.16.1",
                List.of(new Listener(port, Protocol.TCP, List.of(), List.of(), List.of(), "b")),
                List.of(backend(List.of(new Target("10.0.0.1", 8080, 1, State.READY)))));
    }

    private static Backend backend(List<Target> targets) {
        return new Backend(
                "b",
                List.of(),
                new Behaviour.Pool(
                        targets,
                        new HealthCheck("", "", OptionalInt.empty(), 1, 1, 1, 1),
                        Optional.empty(),
                        Transport.PLAIN,
                        300));
    }
}
