package dev.monopod.agent.pod.scope;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class PodThreadsTest {
    private static final Map<String, String> FIELDS =
            Map.of("pod", "default/hello", "machine", "m-1");

    private final PodThreads threads = new PodThreads("default/hello", "m-1");

    @Test
    void giveTheFieldsOfThePodToWhatTheyLog() throws Exception {
        var found = new CompletableFuture<Map<String, String>>();

        threads.start("pod-hello", () -> found.complete(MDC.getCopyOfContextMap()));

        assertThat(found.get(5, TimeUnit.SECONDS)).isEqualTo(FIELDS);
    }

    @Test
    void giveThemToTasksToo() throws Exception {
        var found = new CompletableFuture<Map<String, String>>();

        threads.factory("pod-task-")
                .newThread(() -> found.complete(MDC.getCopyOfContextMap()))
                .start();

        assertThat(found.get(5, TimeUnit.SECONDS)).isEqualTo(FIELDS);
        assertThat(MDC.getCopyOfContextMap()).isNullOrEmpty();
    }
}
