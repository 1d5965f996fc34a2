package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.monopod.agent.kubelet.KubeletPods.Detail;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.protocol.guest.ContainerEvents;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.ContainerStatistics;
import dev.monopod.protocol.guest.DeviceUsage;
import dev.monopod.protocol.guest.Pressure;
import dev.monopod.protocol.guest.Stall;
import dev.monopod.protocol.guest.StartContainerResponse;
import dev.monopod.protocol.guest.StartRefusal;
import dev.monopod.protocol.guest.StatisticsResponse;
import dev.monopod.protocol.guest.Usage;
import dev.monopod.protocol.guest.VolumeStatistics;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// What a guest that was taken over says of its containers, over a real unix socket.
class HostileGuestTest {
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

    private PodWorker begun() {
        return host.begin(
                FakeHost.podNamed()
                        .withNewSpec()
                        .withNodeName(FakeHost.NODE)
                        .withRestartPolicy("Always")
                        .addNewContainer()
                        .withName("app")
                        .withImage("app:1")
                        .endContainer()
                        .endSpec()
                        .build());
    }

    private PodWorker running() {
        PodWorker worker = begun();
        await().until(() -> "Running".equals(host.status.getPhase()));
        return worker;
    }

    private void says(PodWorker worker, String name, int attempt) {
        host.guest.tell(
                ContainerState.newBuilder()
                        .setContainerId(ContainerIds.of(worker.view().plan().uid(), name, attempt))
                        .setName(name)
                        .setAttempt(attempt)
                        .setPhase(ContainerState.Phase.RUNNING)
                        .setStartedUnixNanos(1)
                        .build());
    }

    @Test
    void aStartThatDoesNotEndIsNoContainerThatRuns() {
        host.guest.stuck = true;
        begun();

        await().untilAsserted(() ->
                assertThat(host.status.getContainerStatuses())
                        .extracting(status -> status.getState().getWaiting())
                        .extracting(waiting -> waiting == null ? "" : waiting.getReason())
                        .containsExactly("RunContainerError"));
        assertThat(host.status.getPhase()).isEqualTo("Pending");
    }

    @Test
    void aRefusalOfAKindThatNobodyKnowsEndsTheAttempt() {
        host.guest.answer =
                Optional.of(
                        StartContainerResponse.newBuilder()
                                .setRefused(
                                        StartRefusal.newBuilder()
                                                .setKindValue(4711)
                                                .setMessage("x".repeat(60 << 10)))
                                .build());
        begun();

        await().until(() -> terminated().isPresent());
        assertThat(terminated().get().getReason()).isEqualTo("StartError");
        assertThat(terminated().get().getMessage()).hasSize(8 << 10);

        host.guest.answer = Optional.empty();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> "Running".equals(host.status.getPhase()));
    }

    /// How the only container's attempt before the present one ended.
    private Optional<ContainerStateTerminated> terminated() {
        return host.status.getContainerStatuses().stream()
                .findFirst()
                .map(ContainerStatus::getLastState)
                .map(io.fabric8.kubernetes.api.model.ContainerState::getTerminated);
    }

    @Test
    void anAnswerThatSaysNothingIsNoContainerThatRuns() {
        host.guest.answer = Optional.of(StartContainerResponse.getDefaultInstance());
        begun();

        await().untilAsserted(() ->
                assertThat(host.status.getContainerStatuses())
                        .extracting(status -> status.getState().getWaiting())
                        .extracting(waiting -> waiting == null ? "" : waiting.getReason())
                        .containsExactly("RunContainerError"));
    }

    @Test
    void attemptsAndContainersThatNobodyStartedLeaveNothingOnTheHost() throws Exception {
        PodWorker worker = running();
        for (int attempt : new int[] {1, 2, 1000, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            says(worker, "app", attempt);
        }
        says(worker, "../../escaped", 0);
        says(worker, "other", 0);

        // What is said in order is heard in order: the restart comes after the lies.
        host.guest.exit("app", 0, 1);
        await().until(() -> host.guest.container("app", 1).isPresent());
        await().until(() -> host.status.getContainerStatuses().getFirst().getRestartCount() == 1);
        try (Stream<Path> files = Files.walk(worker.view().directory().resolve("logs"))) {
            assertThat(files.filter(Files::isRegularFile).map(f -> f.getFileName().toString()))
                    .containsOnly("0.log", "0.base", "1.log", "1.base");
        }
    }

    /// What the agent logs of guests, and of this one alone.
    private static final class Lines extends AppenderBase<ILoggingEvent> implements AutoCloseable {
        private final Logger root = (Logger) LoggerFactory.getLogger("dev.monopod");
        private final List<String> lines = new CopyOnWriteArrayList<>();

        Lines() {
            start();
            root.addAppender(this);
        }

        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage());
        }

        List<String> with(String part) {
            return lines.stream().filter(line -> line.contains(part)).toList();
        }

        @Override
        public void close() {
            root.detachAppender(this);
        }
    }

    @Test
    void whatIsSaidOftenIsLoggedRarely() {
        PodWorker worker = running();
        try (var lines = new Lines()) {
            for (int i = 0; i < 150; i++) {
                says(worker, "other" + i, 0);
            }
            // What is said in order is heard in order.
            host.guest.exit("app", 0, 1);
            await().until(() ->
                    host.status.getContainerStatuses().getFirst().getRestartCount() == 1);

            assertThat(lines.with("unknown container")).hasSizeBetween(1, 20);
        }
    }

    @Test
    void whoTellsOfContainersWithoutEndIsHeardMoreSlowly() {
        PodWorker worker = running();
        try (var lines = new Lines()) {
            for (int i = 0; i < 300; i++) {
                says(worker, "app", 0);
            }

            await().until(() -> !lines.with("it is heard 10 times a second").isEmpty());
        }
    }

    @Test
    void statisticsAreBelievedOfThePodsOwnContainersOnceEach() {
        PodWorker worker = running();
        var id = ContainerIds.of("uid", "app", 0);
        var usage =
                Usage.newBuilder()
                        .addDevices(DeviceUsage.newBuilder().setDevice("/dev/vda"))
                        .addDevices(DeviceUsage.newBuilder().setDevice("/dev/vda"))
                        .addDevices(DeviceUsage.newBuilder().setDevice("a\nb{}"))
                        .setCpuPressure(
                                Pressure.newBuilder()
                                        .setSome(
                                                Stall.newBuilder()
                                                        .setPercent10S(Double.NaN)
                                                        .setPercent60S(1e300)));
        var app = ContainerStatistics.newBuilder().setContainerId(id).setName("app");
        var told =
                StatisticsResponse.newBuilder()
                        .setUnixTimeNanos(Long.MIN_VALUE)
                        .setPod(usage)
                        .addContainers(app.setUsage(usage))
                        .addContainers(app.setStartedUnixNanos(Long.MAX_VALUE))
                        .addEvents(ContainerEvents.newBuilder().setName("app"))
                        .addEvents(ContainerEvents.newBuilder().setName("app"))
                        .addEvents(ContainerEvents.newBuilder().setName("other"));
        for (int i = 0; i < 100; i++) {
            told.addContainers(app.clone().setName("other" + i));
            told.addVolumes(VolumeStatistics.newBuilder().setName("other" + i));
        }
        host.guest.statistics = told.build();

        var believed =
                GuestStatistics.read(worker, Detail.ALL, Optional.empty(), Instant.now()).told();

        assertThat(believed.getContainersList()).hasSize(1);
        assertThat(believed.getVolumesList()).isEmpty();
        assertThat(believed.getEventsList()).hasSize(1);
        assertThat(believed.getPod().getDevicesList())
                .extracting(DeviceUsage::getDevice)
                .containsExactly("/dev/vda");
        assertThat(believed.getPod().getCpuPressure().getSome().getPercent10S()).isZero();
        assertThat(believed.getPod().getCpuPressure().getSome().getPercent60S()).isEqualTo(100);
        var tomorrow = Instant.now().plus(Duration.ofDays(1));
        assertThat(Instant.EPOCH.plusNanos(believed.getUnixTimeNanos()))
                .isBetween(tomorrow.minus(Duration.ofDays(2)), tomorrow);
        assertThat(Instant.EPOCH.plusNanos(believed.getContainers(0).getStartedUnixNanos()))
                .isBetween(Instant.EPOCH, tomorrow);
    }

    @Test
    void thousandsOfGroupsDoNotGetIntoTheStatus() {
        PodWorker worker = running();
        var state =
                ContainerState.newBuilder()
                        .setContainerId(ContainerIds.of("uid", "app", 0))
                        .setName("app")
                        .setPhase(ContainerState.Phase.RUNNING)
                        .setStartedUnixNanos(1);
        for (long group = 0; group < 1500; group++) {
            state.getUserBuilder().addGroups(group % 100);
        }
        host.guest.tell(state.build());
        host.guest.exit("app", 0, 1);

        await().until(() -> host.status.getContainerStatuses().getFirst().getRestartCount() == 1);
        assertThat(
                        host.status
                                .getContainerStatuses()
                                .getFirst()
                                .getUser()
                                .getLinux()
                                .getSupplementalGroups())
                .hasSize(1024);
        assertThat(worker.state().failure()).isEmpty();
    }
}
