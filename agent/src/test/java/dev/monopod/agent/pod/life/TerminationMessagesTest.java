package dev.monopod.agent.pod.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.status.PodFacts;
import dev.monopod.agent.pod.status.PodStatusView;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TerminationMessagesTest {
    @Test
    void havePartsOfTwelveKibibytesThatAreEqual() {
        assertThat(messages(3, "C".repeat(4096))).allMatch(message -> message.length() == 4096);
        assertThat(messages(6, "C".repeat(4096))).allMatch(message -> message.length() == 2048);
        assertThat(messages(6, "short")).containsOnly("short");
    }

    @Test
    void areCutBetweenCharacters() {
        // The limit of 2048 bytes lies at each of the three places of a character.
        for (var ahead : List.of("", "a", "ab")) {
            assertThat(messages(6, ahead + "\u20ac".repeat(1300)))
                    .allMatch(message -> message.matches(ahead + "\u20ac{682}"));
        }
    }

    private static List<String> messages(int containers, String written) {
        var names = IntStream.range(0, containers).mapToObj(number -> "c" + number).toList();
        var all = names.stream().map(TerminationMessagesTest::container).toList();
        var pod = new PodLife(spec -> spec.withRestartPolicy("Never").withContainers(all)).up();
        for (var name : names) {
            pod.runs(name, 0);
            var end = new Termination("id", 1, 0, "Error", written, pod.now, pod.now);
            pod.input(new PodInput.Ended(name, 0, end));
        }
        var status =
                PodStatusView.render(
                        pod.state,
                        new PodFacts("10.0.0.1", "10.0.0.1", Map.of(), Map.of(), 1),
                        new PodStatus(),
                        List.of(),
                        pod.now.plus(Duration.ofSeconds(1)));
        assertThat(status.getContainerStatuses()).hasSize(containers);
        return status.getContainerStatuses().stream()
                .map(container -> container.getState().getTerminated().getMessage())
                .toList();
    }

    private static Container container(String name) {
        return new ContainerBuilder().withName(name).withImage(name + ":1").build();
    }
}
