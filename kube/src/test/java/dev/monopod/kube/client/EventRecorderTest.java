package dev.monopod.kube.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.monopod.kube.client.ScriptedApi.Answer;
import dev.monopod.kube.client.ScriptedApi.Request;
import dev.monopod.model.loop.LoopHealth;
import dev.monopod.model.loop.Loops;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class EventRecorderTest {
    private static final String EVENTS = "/api/v1/namespaces/shop/events";
    private static final Pod POD =
            new PodBuilder()
                    .withNewMetadata()
                    .withNamespace("shop")
                    .withName("web")
                    .withUid("1234")
                    .withResourceVersion("7")
                    .endMetadata()
                    .build();

    /// The events that the server holds, by path; it lets nobody read them.
    private final Map<String, String> stored = new ConcurrentHashMap<>();

    private final AtomicReference<Instant> now =
            new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final Loops loops = new Loops(now::get, new Random(1));

    @Test
    void countsAFailingProbeOnOneObjectAndReadsNothing() throws IOException {
        try (var api = new ScriptedApi(this::serve);
                var client = api.client()) {
            try (var recorder = new EventRecorder(client, Clock.systemUTC(), loops)) {
                var events = recorder.of("fargate-agent", "one");
                for (var time = 0; time < 20; time++) {
                    events.event(
                            POD,
                            EventType.WARNING,
                            "Unhealthy",
                            "Liveness probe failed: refused",
                            "spec.containers{web}");
                }
                Awaitility.await().until(() -> api.requests().size() == 20);
            }

            assertThat(stored).hasSize(1);
            assertThat(api.requests())
                    .extracting(Request::method)
                    .containsOnly("POST", "PATCH")
                    .containsOnlyOnce("POST");
            assertThat(api.requests().getLast().contentType())
                    .startsWith("application/merge-patch+json");
            assertThat(body(api.requests().getLast())).containsEntry("count", 20);
        }
    }

    @Test
    void writesWhatUsersAndProgramsReadOfAnEvent() throws IOException {
        try (var api = new ScriptedApi(this::serve);
                var client = api.client()) {
            try (var recorder = new EventRecorder(client, Clock.systemUTC(), loops)) {
                recorder.of("fargate-agent", "one")
                        .event(POD, EventType.WARNING, "BackOff", "again", "spec.containers{web}");
                recorder.of("fargate-scheduler", "").normal(POD, "Scheduled", "there");
                Awaitility.await().until(() -> api.requests().size() == 2);
            }

            assertThat(body(api.requests().getFirst()))
                    .containsEntry("type", "Warning")
                    .containsEntry("reason", "BackOff")
                    .containsEntry("count", 1)
                    .containsEntry("reportingComponent", "fargate-agent")
                    .containsEntry("reportingInstance", "one")
                    .containsEntry("source", Map.of("component", "fargate-agent", "host", "one"))
                    .containsEntry(
                            "involvedObject",
                            Map.of(
                                    "apiVersion",
                                    "v1",
                                    "kind",
                                    "Pod",
                                    "namespace",
                                    "shop",
                                    "name",
                                    "web",
                                    "uid",
                                    "1234",
                                    "resourceVersion",
                                    "7",
                                    "fieldPath",
                                    "spec.containers{web}"));
            assertThat(body(api.requests().getLast()))
                    .containsEntry("type", "Normal")
                    .containsEntry("reportingInstance", "fargate-scheduler")
                    .containsEntry("source", Map.of("component", "fargate-scheduler"));
        }
    }

    @Test
    void createsAnewAnEventThatHasExpired() throws IOException {
        try (var api = new ScriptedApi(this::serve);
                var client = api.client();
                var recorder = new EventRecorder(client, Clock.systemUTC(), loops)) {
            var events = recorder.of("fargate-agent", "one");
            events.warning(POD, "Failed", "message");
            Awaitility.await().until(() -> stored.size() == 1);
            stored.clear();

            events.warning(POD, "Failed", "message");

            Awaitility.await().until(() -> stored.size() == 1);
            assertThat(api.requests())
                    .extracting(Request::method)
                    .containsExactly("POST", "PATCH", "POST");
            assertThat(body(api.requests().getLast())).containsEntry("count", 2);
        }
    }

    @Test
    void triesAgainWhileTheServerCannotAnswerButNotWhenItRefuses() throws IOException {
        var failures = new AtomicInteger();
        try (var api =
                        new ScriptedApi(request -> {
                            if (request.body().contains("forbidden")) {
                                return Answer.failure(403);
                            }
                            return failures.incrementAndGet() < 3
                                    ? Answer.failure(503)
                                    : serve(request);
                        });
                var client = api.client();
                var recorder =
                        new EventRecorder(client, Clock.systemUTC(), loops, Duration.ofMillis(1))) {
            recorder.of("fargate-agent", "one").warning(POD, "Failed", "forbidden");
            recorder.of("fargate-agent", "one").warning(POD, "Failed", "message");

            Awaitility.await().until(() -> stored.size() == 1);

            assertThat(api.requests()).hasSize(4);
        }
    }

    @Test
    void neverBlocksWhoRecordsWhileTheServerHangs() throws IOException {
        var hanging = new CountDownLatch(1);
        try (var api =
                        new ScriptedApi(request -> {
                            hanging.await();
                            return serve(request);
                        });
                var client = api.client()) {
            var recorder = new EventRecorder(client, Clock.systemUTC(), loops);
            var events = recorder.of("fargate-agent", "one");

            for (var number = 0; number < 10 * EventRecorder.MOST_WAITING; number++) {
                events.warning(POD, "Failed", "message " + number);
            }

            assertThat(stored).isEmpty();
            hanging.countDown();
            // Of one object a burst of 25 is written, the rest dropped.
            Awaitility.await()
                    .untilAsserted(() -> assertThat(api.requests()).hasSizeGreaterThan(20));
            recorder.close();
        }
    }

    @Test
    void writesWhatWaitsBeforeItIsClosed() throws IOException {
        try (var api = new ScriptedApi(this::serve);
                var client = api.client()) {
            try (var recorder = new EventRecorder(client, Clock.systemUTC(), loops)) {
                var events = recorder.of("fargate-agent", "one");
                for (var number = 0; number < 9; number++) {
                    events.warning(POD, "Failed", "message " + number);
                }
            }

            assertThat(stored).hasSize(9);
        }
    }

    /// Each of them ended the sender for good, in silence, or was not to be seen.
    @ParameterizedTest
    @ValueSource(classes = {IllegalStateException.class, NoClassDefFoundError.class})
    void goesOnAndShowsWhatIsWrongWithOneEvent(Class<? extends Throwable> kind) throws Exception {
        var trouble = kind.getDeclaredConstructor(String.class).newInstance("in the client");
        var broken = new AtomicBoolean(true);
        try (var api = new ScriptedApi(this::serve);
                var client = api.client();
                var recorder =
                        new EventRecorder(
                                failing(client, broken, trouble),
                                Clock.systemUTC(),
                                loops,
                                Duration.ofSeconds(1))) {
            var events = recorder.of("fargate-agent", "one");
            events.warning(POD, "Failed", "message");
            Awaitility.await().until(() -> loops.health().getFirst().failures() > 0);
            now.updateAndGet(time -> time.plus(LoopHealth.PATIENCE));
            assertThat(LoopHealth.lines(loops.health()).getFirst())
                    .startsWith("[-]events failed: ")
                    .contains("in the client");

            broken.set(false);
            events.warning(POD, "Mended", "message");
            Awaitility.await().until(() -> stored.size() == 2 && loops.health().getFirst().fine());
        }
    }

    @Test
    void showsAServerThatCannotAnswer() throws IOException {
        try (var api = new ScriptedApi(_ -> Answer.failure(503));
                var client = api.client();
                var recorder =
                        new EventRecorder(
                                client, Clock.systemUTC(), loops, Duration.ofSeconds(1))) {
            recorder.of("fargate-agent", "one").warning(POD, "Failed", "message");
            Awaitility.await().until(() -> loops.health().getFirst().failures() > 0);
            now.updateAndGet(time -> time.plus(LoopHealth.PATIENCE));

            assertThat(LoopHealth.lines(loops.health()).getFirst()).startsWith("[-]events failed");
        }
    }

    /// The client, whose calls throw while it is broken.
    private static KubernetesClient failing(
            KubernetesClient client, AtomicBoolean broken, Throwable trouble) {
        return (KubernetesClient)
                Proxy.newProxyInstance(
                        KubernetesClient.class.getClassLoader(),
                        new Class<?>[] {KubernetesClient.class},
                        (_, method, arguments) -> {
                            if (broken.get()) {
                                throw trouble;
                            }
                            return method.invoke(client, arguments);
                        });
    }

    private Answer serve(Request request) {
        return switch (request.method()) {
            case "POST" -> {
                var path = EVENTS + "/" + named(request.body());
                stored.put(path, request.body());
                yield new Answer(201, request.body());
            }
            case "PATCH" -> {
                var before = stored.get(request.path());
                yield before == null ? Answer.failure(404) : new Answer(200, before);
            }
            default -> Answer.failure(403);
        };
    }

    private static String named(String body) {
        return Serialization.unmarshal(body, Event.class).getMetadata().getName();
    }

    private static Map<String, Object> body(Request request) {
        return Serialization.unmarshal(request.body(), new TypeReference<Map<String, Object>>() {});
    }
}
