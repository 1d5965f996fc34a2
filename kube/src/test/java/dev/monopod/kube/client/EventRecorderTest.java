package dev.monopod.kube.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.monopod.kube.client.ScriptedApi.Answer;
import dev.monopod.kube.client.ScriptedApi.Request;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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

    @Test
    void countsAFailingProbeOnOneObjectAndReadsNothing() throws IOException {
        try (var api = new ScriptedApi(this::serve);
                var client = api.client()) {
            try (var recorder = new EventRecorder(client, Clock.systemUTC())) {
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
            try (var recorder = new EventRecorder(client, Clock.systemUTC())) {
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
                var recorder = new EventRecorder(client, Clock.systemUTC())) {
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
                var recorder = new EventRecorder(client, Clock.systemUTC(), Duration.ofMillis(1))) {
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
            var recorder = new EventRecorder(client, Clock.systemUTC());
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
            try (var recorder = new EventRecorder(client, Clock.systemUTC())) {
                var events = recorder.of("fargate-agent", "one");
                for (var number = 0; number < 9; number++) {
                    events.warning(POD, "Failed", "message " + number);
                }
            }

            assertThat(stored).hasSize(9);
        }
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
