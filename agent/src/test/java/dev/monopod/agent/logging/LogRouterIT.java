package dev.monopod.agent.logging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.client.EventType;
import dev.monopod.kube.client.Events;
import dev.monopod.model.loop.Loops;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Log files of pods on a real disk, and a server that takes `_bulk`. Contract: "Further pieces of
/// EKS around Fargate", logging.
final class LogRouterIT {
    private static final String PARSER =
            "[PARSER]\n"
                    + "  Name crio\n"
                    + "  Format Regex\n"
                    + "  Regex ^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>P|F) (?<log>.*)$\n"
                    + "  Time_Key time\n"
                    + "  Time_Format %Y-%m-%dT%H:%M:%S.%L%z\n";
    private static final String FILTERS =
            "[FILTER]\n  Name parser\n  Match *\n  Key_Name log\n  Parser crio\n"
                    + "[FILTER]\n  Name kubernetes\n  Match kube.*\n  Merge_Log On\n  Keep_Log Off\n"
                    + "[FILTER]\n  Name grep\n  Match *\n  Exclude log secret\n";

    private static final long LEFT_BYTES = 100_000;

    @TempDir Path data;
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final Map<String, String> annotations = new HashMap<>();
    private SearchServer server;
    private LogRouter router;

    @BeforeEach
    void start() throws IOException {
        server = new SearchServer();
        router = router();
    }

    @AfterEach
    void stop() {
        router.close();
        server.close();
    }

    private LogRouter router() {
        Events events =
                (HasMetadata object, EventType type, String reason, String message, String path) ->
                        told.add(reason + ": " + message);
        return new LogRouter(
                data,
                Sinks.real(),
                events,
                new LogRouter.Surroundings(
                        new Loops(Clock.systemUTC(), new Random(1)),
                        Clock.systemUTC(),
                        LEFT_BYTES));
    }

    private void restart() throws IOException {
        router.close();
        router = router();
        router.start();
    }

    @Test
    void bringsLinesWithWhatIsKnownOfTheirPodThroughTheFilters() throws IOException {
        router.begin(pod("web", server.port()));
        write("web", 0, List.of("hello", "a secret", "{\"level\":\"warn\"}"));

        await().untilAsserted(() -> assertThat(server.documents).hasSize(2));
        var first = server.documents.getFirst();
        assertThat(first.path("log").asText()).isEqualTo("hello");
        assertThat(first.path("stream").asText()).isEqualTo("stdout");
        assertThat(first.path("@timestamp").asText()).isEqualTo("2026-11-30T01:02:03.123Z");
        var kubernetes = first.path("kubernetes");
        assertThat(kubernetes.path("pod_name").asText()).isEqualTo("web");
        assertThat(kubernetes.path("namespace_name").asText()).isEqualTo("shop");
        assertThat(kubernetes.path("labels").path("app").asText()).isEqualTo("front");
        assertThat(kubernetes.path("container_name").asText()).isEqualTo("main");
        assertThat(kubernetes.path("docker_id").asText()).matches("[0-9a-f]{64}");
        assertThat(kubernetes.path("host").asText()).isEqualTo("node-web");
        assertThat(server.documents.get(1).path("level").asText()).isEqualTo("warn");
        assertThat(server.documents.get(1).has("log")).isFalse();
        assertThat(server.actions.getFirst().path("create").path("_index").asText())
                .isEqualTo("shop");
    }

    @Test
    void sendsNothingOfAPodThatWasToldSo() throws IOException {
        router.begin(pod("quiet", Map.of()));
        write("quiet", 0, List.of("hello"));

        router.end("uid-quiet", podDirectory("quiet"));

        assertThat(data.resolve("log-delivery")).doesNotExist();
        assertThat(server.requests).hasValue(0);
    }

    @Test
    void losesNoneOf100000LinesOverThreeRestartsAndASinkThatFails() throws IOException {
        var wanted = new HashSet<String>();
        for (var part = 0; part < 4; part++) {
            var from = part * 25_000;
            var lines =
                    IntStream.range(from, from + 25_000).mapToObj("line %06d"::formatted).toList();
            wanted.addAll(lines);
            rotated("web", lines, part < 3);
        }
        router.begin(pod("web", server.port()));

        for (var restart = 1; restart <= 3; restart++) {
            var least = restart * 20_000;
            await().until(() -> server.documents.size() >= least);
            server.mood = SearchServer.Mood.FAILS;
            var before = server.requests.get();
            await().until(() -> server.requests.get() > before);
            restart();
            router.begin(pod("web", server.port()));
            server.mood = SearchServer.Mood.TAKES;
        }

        await().untilAsserted(() -> assertThat(got()).isEqualTo(wanted));
        // Those whose answer was lost on the way may be there twice: a batch for each restart.
        assertThat(server.documents).hasSizeLessThanOrEqualTo(100_000 + 3 * 1000);
        assertThat(told).noneMatch(event -> event.startsWith("LogLost"));
    }

    @Test
    void sendsAgainWhatTheSinkDidNotTakeAndNothingElse() throws IOException {
        server.mood = SearchServer.Mood.TAKES_HALF;
        router.begin(pod("web", server.port()));
        write("web", 0, IntStream.range(0, 64).mapToObj("line %d"::formatted).toList());

        await().untilAsserted(() -> assertThat(server.documents).hasSizeGreaterThan(62));
        server.mood = SearchServer.Mood.TAKES;

        await().untilAsserted(() -> assertThat(got()).hasSize(64));
        assertThat(server.documents).hasSize(64);
    }

    @Test
    void tellsWhatTheSinkRefusesForGoodAndGoesOn() throws IOException {
        server.mood = SearchServer.Mood.REFUSES_HALF;
        router.begin(pod("web", server.port()));
        write("web", 0, List.of("good", "bad"));
        await().untilAsserted(() -> assertThat(told).anyMatch(one -> one.startsWith("LogRefused")));

        server.mood = SearchServer.Mood.TAKES;
        append("web", 0, List.of("next"));

        await().untilAsserted(() -> assertThat(got()).isEqualTo(Set.of("good", "next")));
    }

    @Test
    void sendsWhatAPodLeftEvenAfterARestart() throws IOException {
        server.mood = SearchServer.Mood.FAILS;
        router.begin(pod("job", server.port()));
        write("job", 0, List.of("last words"));
        await().until(() -> server.requests.get() > 0);

        router.end("uid-job", podDirectory("job"));
        assertThat(podDirectory("job").resolve("logs")).doesNotExist();
        restart();
        server.mood = SearchServer.Mood.TAKES;

        await().untilAsserted(() -> assertThat(got()).isEqualTo(Set.of("last words")));
        assertThat(server.documents.getFirst().path("kubernetes").path("pod_name").asText())
                .isEqualTo("job");
        await().until(() -> !Files.exists(data.resolve("log-delivery").resolve("uid-job")));
    }

    @Test
    void keepsABoundedPartOfWhatPodsLeftAndTellsWhoseIsLost() throws IOException {
        server.mood = SearchServer.Mood.FAILS;
        for (var name : List.of("first", "second")) {
            var before = server.requests.get();
            router.begin(pod(name, server.port()));
            write(name, 0, List.of(name, "secret" + "x".repeat((int) LEFT_BYTES * 2 / 3)));
            await().until(() -> server.requests.get() > before);
            router.end("uid-" + name, podDirectory(name));
        }

        assertThat(told).anyMatch(one -> one.startsWith("LogLost: What the pod left of its log"));
        await().until(() -> !Files.exists(data.resolve("log-delivery/uid-first")));
        server.mood = SearchServer.Mood.TAKES;

        await().untilAsserted(() -> assertThat(got()).isEqualTo(Set.of("second")));
    }

    @Test
    void sendsWhatAPodLeftThatWentWhileNoAgentWasThere() throws IOException {
        server.mood = SearchServer.Mood.FAILS;
        router.begin(pod("job", server.port()));
        write("job", 0, List.of("last words"));
        restart();
        server.mood = SearchServer.Mood.TAKES;

        router.end("uid-job", podDirectory("job"));

        await().untilAsserted(() -> assertThat(got()).isEqualTo(Set.of("last words")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "{}", "no JSON"})
    void aDamagedRecordOfOnePodHindersNoOther(String damaged) throws IOException {
        server.mood = SearchServer.Mood.FAILS;
        for (var name : List.of("a-damaged", "job")) {
            router.begin(pod(name, server.port()));
            write(name, 0, List.of("last words of " + name));
            router.end("uid-" + name, podDirectory(name));
        }
        var home = data.resolve("log-delivery/uid-a-damaged");
        router.close();
        Files.writeString(home.resolve("pod.json"), damaged);

        restart();
        server.mood = SearchServer.Mood.TAKES;

        await().untilAsserted(() -> assertThat(got()).isEqualTo(Set.of("last words of job")));
        assertThat(home).doesNotExist();
    }

    @Test
    void aPodWhoseRecordIsDamagedCanBeRemoved() throws IOException {
        router.begin(pod("job", server.port()));
        router.close();
        var home = data.resolve("log-delivery/uid-job");
        Files.writeString(home.resolve("pod.json"), "no JSON");
        Files.createDirectories(podDirectory("job"));
        restart();

        router.end("uid-job", podDirectory("job"));

        assertThat(home).doesNotExist();
    }

    /// Filter `kubernetes` repeats them in each record: 60 MB of a few kilobytes of log.
    @Test
    void annotationsOfAPodMakeNoRequestLarge() throws IOException {
        annotations.put("story", "x".repeat(200_000));
        var lines = IntStream.range(0, 300).mapToObj(i -> "line " + i).toList();
        write("web", 0, lines);

        router.begin(pod("web", server.port()));

        await().untilAsserted(() -> assertThat(got()).hasSize(300));
        assertThat(server.documents).hasSize(300);
        assertThat(server.largest.get()).isLessThan(3 << 20);
    }

    @Test
    void tellsWhatRotationTookBeforeItWasSent() throws IOException {
        var directory = Files.createDirectories(logs("web"));
        Files.writeString(directory.resolve("0.log.%020d".formatted(5000)), line("old"));
        Files.writeString(
                directory.resolve("0.base"), Integer.toString(5000 + line("old").length()));
        Files.writeString(directory.resolve("0.log"), line("new"));

        router.begin(pod("web", server.port()));

        await().untilAsserted(() -> assertThat(got()).isEqualTo(Set.of("old", "new")));
        assertThat(told).singleElement().asString().startsWith("LogLost: Part of the log");
    }

    @Test
    void aSinkThatHangsHoldsUpNoPodOfAnother() throws IOException {
        try (var other = new SearchServer()) {
            server.mood = SearchServer.Mood.HANGS;
            for (var i = 0; i < 8; i++) {
                write("stuck-" + i, 0, List.of("never"));
                router.begin(pod("stuck-" + i, server.port()));
            }
            await().until(() -> server.requests.get() >= 4);
            write("web", 0, List.of("hello"));
            router.begin(pod("web", other.port()));

            await().until(() -> other.documents.size() == 1);
            // Of those that wait, as many hold a batch in memory as the sink has turns.
            assertThat(server.requests).hasValue(4);
        }
    }

    @Test
    void aFloodOfOnePodDelaysNobodyElse() throws IOException {
        rotated(
                "flood",
                IntStream.range(0, 50_000).mapToObj("flood %06d"::formatted).toList(),
                false);
        router.begin(pod("flood", server.port()));
        await().until(() -> !server.documents.isEmpty());
        write("web", 0, List.of("hello"));
        router.begin(pod("web", server.port()));

        await().until(() -> got().contains("hello"));
        var before =
                server.documents.stream()
                        .map(document -> document.path("log").asText())
                        .takeWhile(text -> !text.equals("hello"))
                        .count();
        assertThat(before).isLessThan(50_000);
    }

    private static ConditionFactory await() {
        return Awaitility.await().atMost(Duration.ofSeconds(60));
    }

    private Set<String> got() {
        return server.documents.stream()
                .map(document -> document.path("log").asText())
                .collect(Collectors.toSet());
    }

    private Path podDirectory(String name) {
        return data.resolve("pods").resolve("uid-" + name);
    }

    private Path logs(String name) {
        return podDirectory(name).resolve("logs").resolve("main");
    }

    private static String line(String text) {
        return "2026-11-30T01:02:03.123456789Z stdout F " + text + "\n";
    }

    private void write(String pod, int attempt, List<String> lines) throws IOException {
        Files.createDirectories(logs(pod));
        append(pod, attempt, lines);
    }

    private void append(String pod, int attempt, List<String> lines) throws IOException {
        Files.writeString(
                logs(pod).resolve(attempt + ".log"),
                lines.stream().map(LogRouterIT::line).collect(Collectors.joining()),
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    /// A further file of attempt 0.
    ///
    /// @param full it has been rotated
    private void rotated(String pod, List<String> lines, boolean full) throws IOException {
        write(pod, 0, lines);
        if (!full) {
            return;
        }
        var current = logs(pod).resolve("0.log");
        var note = logs(pod).resolve("0.base");
        var base = Files.exists(note) ? Long.parseLong(Files.readString(note)) : 0;
        var end = base + Files.size(current);
        Files.move(current, logs(pod).resolve("0.log.%020d".formatted(base)));
        Files.writeString(note, Long.toString(end));
    }

    private PodView pod(String name, int port) {
        var configuration = new HashMap<String, String>();
        configuration.put(
                "output.conf",
                "[OUTPUT]\n  Name es\n  Match *\n  Host 127.0.0.1\n  Port %d\n  Index shop\n"
                                .formatted(port)
                        + "  Suppress_Type_Name On\n");
        configuration.put("filters.conf", FILTERS);
        configuration.put("parsers.conf", PARSER);
        return pod(name, configuration);
    }

    private PodView pod(String name, Map<String, String> configuration) {
        var machine = new Machine();
        machine.setMetadata(new ObjectMetaBuilder().withName("pod-uid-" + name).build());
        machine.setSpec(
                new MachineSpec(
                        "host",
                        new MachineSpec.PodReference("shop", name, "uid-" + name),
                        "node-" + name,
                        "web",
                        new MachineSpec.Size(250, 512, 20_480),
                        new MachineSpec.Interface(
                                "default", "private-a", "a", "10.0.0.7", "10.0.0.1", "02::1"),
                        configuration));
        var pod =
                new PodBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName(name)
                        .withUid("uid-" + name)
                        .addToLabels("app", "front")
                        .addToAnnotations(annotations)
                        .endMetadata()
                        .withNewSpec()
                        .addNewContainer()
                        .withName("main")
                        .withImage("busybox:1")
                        .endContainer()
                        .endSpec()
                        .build();
        return new PodView(machine, pod, podDirectory(name));
    }
}
