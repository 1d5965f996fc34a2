package dev.monopod.agent.kubelet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.agent.pod.scope.BelievedStatistics;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.protocol.guest.StatisticsResponse;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What a fuzzer that looks at coverage tries of the reports about a guest: whatever its statistics
/// say, each report is made, and is what its readers can read.
public final class ReportsFuzz {
    private static final Instant NOW = Instant.parse("2026-01-01T00:01:00Z");
    private static final JsonMapper JSON = new JsonMapper();
    private static final PodView VIEW = new PodView(machine(), pod(), Path.of("/nowhere"));

    private ReportsFuzz() {}

    /// Writes inputs to begin with into the folder that the environment names.
    public static void fuzzerInitialize() {
        var folder = System.getenv("MONOPOD_FUZZ_SEEDS");
        if (folder == null) {
            return;
        }
        try {
            Files.write(Path.of(folder, "seed"), seed());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @param input what the guest answers to `Statistics`
    public static void fuzzerTestOneInput(byte[] input) {
        StatisticsResponse told;
        try {
            told = StatisticsResponse.parseFrom(input);
        } catch (InvalidProtocolBufferException refused) {
            return;
        }
        var believed = BelievedStatistics.of(told, VIEW, NOW);
        var statistics = new PodStatistics(VIEW.pod(), NOW, believed, Optional.empty());
        var report = new StatisticsReport();
        report.summary("node", Optional.of(statistics));
        readable(report.summary("node", Optional.of(statistics)));
        var all = List.of(statistics);
        sound(ResourceMetrics.of(all, 0).write("").body());
        sound(ContainerMetrics.of(all, 0).write("").body());
        sound(NodeMetrics.of("node", List.of(VIEW.pod()), all).write("").body());
    }

    static byte[] seed() {
        return Told.statistics(VIEW.pod(), NOW.minusSeconds(60)).told().toByteArray();
    }

    private static void readable(String summary) {
        try {
            numbers(JSON.readTree(summary));
        } catch (JsonProcessingException e) {
            throw new AssertionError(summary, e);
        }
    }

    /// The readers' type has unsigned numbers: one that is negative spoils the whole report.
    private static void numbers(JsonNode node) {
        if (node.isNumber() && (node.asDouble() < 0 || !Double.isFinite(node.asDouble()))) {
            throw new AssertionError("a summary with the number " + node);
        }
        node.forEach(ReportsFuzz::numbers);
    }

    /// Each sample is told once, as a number.
    private static void sound(String metrics) {
        var samples =
                metrics.lines()
                        .filter(line -> !line.isBlank() && !line.startsWith("#"))
                        .map(line -> line.substring(0, line.lastIndexOf('}') + 1))
                        .filter(line -> !line.isEmpty())
                        .toList();
        if (samples.stream().distinct().count() != samples.size()) {
            throw new AssertionError("a sample twice in " + metrics);
        }
        if (metrics.contains(" NaN")) {
            throw new AssertionError("a sample that is no number in " + metrics);
        }
    }

    private static Machine machine() {
        var machine = new Machine();
        machine.setMetadata(new ObjectMetaBuilder().withName("m-uid").build());
        machine.setSpec(
                new MachineSpec(
                        "host",
                        new MachineSpec.PodReference("shop", "web", "uid"),
                        "node",
                        "profile",
                        new MachineSpec.Size(250, 512, 20 << 10),
                        new MachineSpec.Interface(
                                "default",
                                "private-a",
                                "us-west-2a",
                                "192.168.96.10",
                                "192.168.96.1",
                                "02:00:00:00:00:01")));
        return machine;
    }

    private static Pod pod() {
        return Serialization.unmarshal(
                """
                metadata: {name: web, namespace: shop, uid: uid}
                spec:
                  nodeName: node
                  containers:
                    - {name: main, image: "registry/web:1"}
                    - {name: beside, image: "registry/web:1"}
                  volumes:
                    - {name: data, persistentVolumeClaim: {claimName: disk}}
                    - {name: cache, emptyDir: {}}
                status: {phase: Running}
                """,
                Pod.class);
    }
}
