package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.testkit.disk.SmallDisk;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is done to a pod is written down before, and what is written down may be damaged.
@Timeout(120)
final class PodRecordsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir Path directory;
    private FakeHost host;

    @BeforeEach
    void makeHost() {
        host = new FakeHost(directory);
    }

    @AfterEach
    void closeHost() {
        host.close();
    }

    private static Pod pod(String restartPolicy, String phase) {
        return FakeHost.podNamed()
                .withNewSpec()
                .withRestartPolicy(restartPolicy)
                .withNodeName(FakeHost.NODE)
                .addNewContainer()
                .withName("app")
                .withImage("app:1")
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .endStatus()
                .build();
    }

    @Test
    void waitsUntilItsRecordIsWrittenAndSaysWhy() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
        var pods = Files.createDirectories(directory.resolve("pods"));
        try (var disk = SmallDisk.at(pods, 1 << 20)) {
            Files.createDirectories(pods.resolve("uid"));
            disk.fill();
            var worker = host.begin(pod("Always", "Pending"));
            await().atMost(PATIENCE)
                    .until(() ->
                            host.events.contains(
                                    "PodRecordUnwritable The pod waits, since its host cannot write"
                                            + " down how it stands: No space left on device"));
            assertThat(host.calls).isEmpty();
            await().atMost(PATIENCE)
                    .until(() ->
                            host.loops.health().stream()
                                    .anyMatch(one ->
                                            one.name().equals("web_default(uid) record")
                                                    && one.failures() > 0));

            disk.free();

            await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
            disk.fill();
            worker.podGone();
            assertThat(worker.awaitGone(PATIENCE)).isTrue();
        }
    }

    private void damage() throws IOException {
        var own = Files.createDirectories(directory.resolve("pods/uid"));
        Files.writeString(own.resolve("pod.json"), "{\"machine\":\"m-u");
    }

    @Test
    void failsAPodThatNeverRestartsWhenItsRecordIsDamaged() throws IOException {
        damage();

        host.begin(pod("Never", "Running"));

        await().atMost(PATIENCE).until(() -> "Failed".equals(host.status.getPhase()));
        assertThat(host.status.getReason()).isEqualTo("PodRecordLost");
        assertThat(host.calls).noneMatch(call -> call.startsWith("start "));
        try (var files = Files.list(directory.resolve("pods/uid"))) {
            assertThat(files)
                    .anyMatch(
                            file -> file.getFileName().toString().startsWith("pod.json.damaged-"));
        }
    }

    @Test
    void beginsAnewAPodThatRestartsWhenItsRecordIsDamaged() throws IOException {
        damage();

        host.begin(pod("Always", "Running"));

        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
        assertThat(host.calls).contains("start 1");
    }

    /// The agent of before has come back, and can't know what the later one meant.
    @Test
    void leavesAMachineAloneWhoseRecordIsOfALaterFormat() throws Exception {
        host.begin(pod("Always", "Pending"));
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
        host.calls.clear();
        var record = directory.resolve("pods/uid/pod.json");
        var own = Files.readString(record);
        var later = "{\"format\":2,\"containers\":{\"app\":{}}}";
        Files.writeString(record, later);
        var pods = new HostPods(host);
        var recovered = new RecoveredMachines();
        recovered.put(host.vm("m-uid"));
        host.pod = Optional.of(pod("Always", "Running"));

        new Adoption(host.services(), pods, recovered).adopt(FakeHost.machine());

        await().atMost(PATIENCE)
                .until(() ->
                        host.events.contains(
                                "PodRecordUnreadable The pod's machine is left alone, since its host cannot"
                                        + " read the pod's record: it is of format 2, written by a later"
                                        + " version of Monopod, and this one knows 1 at most; it stays as it"
                                        + " is: run the later version here again"));
        assertThat(pods.workers()).isEmpty();
        assertThat(recovered.ids()).containsExactly("m-uid");
        assertThat(record).hasContent(later);
        assertThat(host.calls)
                .noneMatch(call -> call.startsWith("start ") || call.equals("destroy"));

        // As it would stand there once the later version has been here again.
        Files.writeString(record, own);
        await().atMost(PATIENCE).until(() -> !pods.workers().isEmpty());
        await().atMost(PATIENCE)
                .until(() -> pods.workers().iterator().next().state().container("app").ready());
        assertThat(recovered.ids()).isEmpty();
    }

    @Test
    void adoptsARunningMachineWhoseRecordIsDamaged() throws Exception {
        host.begin(pod("Never", "Pending"));
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
        host.calls.clear();
        damage();
        var pods = new HostPods(host);
        var recovered = new RecoveredMachines();
        recovered.put(host.vm("m-uid"));
        host.pod = Optional.of(pod("Never", "Running"));

        new Adoption(host.services(), pods, recovered).adopt(FakeHost.machine());

        await().atMost(PATIENCE).until(() -> host.calls.contains("machine Running"));
        await().atMost(PATIENCE)
                .until(() -> pods.workers().iterator().next().state().container("app").ready());
        assertThat(host.calls)
                .noneMatch(call -> call.startsWith("start ") || call.equals("destroy"));
        assertThat(host.guest.container("app", 1)).isEmpty();
    }
}
