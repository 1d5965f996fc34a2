package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.monopod.agent.pod.container.GuestWatch;
import dev.monopod.agent.pod.log.ContainerLogs;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodMailbox;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodThreads;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.LoopHealth;
import dev.monopod.model.time.Clocks;
import dev.monopod.protocol.guest.ContainerState;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever a task of a pod meets with, it goes on, and `/readyz` shows it.
@Timeout(60)
final class PodLoopsTest {
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

    private static PodBuilder pod() {
        return FakeHost.podNamed()
                .withNewSpec()
                .withNodeName(FakeHost.NODE)
                .addNewContainer()
                .withName("app")
                .withImage("app:1")
                .endContainer()
                .endSpec();
    }

    private static Throwable trouble(Class<? extends Throwable> kind) throws Exception {
        return kind.getDeclaredConstructor(String.class).newInstance("told by the test");
    }

    private void awaitShown(String kind, String name) {
        await().atMost(PATIENCE)
                .until(() ->
                        host.loops.health().stream()
                                .anyMatch(one -> one.name().equals(name) && one.failures() > 0));
        host.now.updateAndGet(time -> time.plus(LoopHealth.PATIENCE));
        assertThat(LoopHealth.lines(host.loops.health()))
                .anySatisfy(line ->
                        assertThat(line)
                                .startsWith("[!]%s failed for 1 of ".formatted(kind))
                                .contains(name + " failed: ", "told by the test"));
    }

    private void awaitNothingShown() {
        await().atMost(PATIENCE)
                .until(() -> host.loops.health().stream().allMatch(LoopHealth::fine));
    }

    /// An error ended each of them for good, in silence.
    @ParameterizedTest
    @CsvSource({
        "patchStatus, java.lang.IllegalStateException, pod-status, web_default(uid) status",
        "patchStatus, java.lang.NoClassDefFoundError, pod-status, web_default(uid) status",
        "pod, java.lang.IllegalStateException, pod-adoptions, web_default(uid) adoption",
        "pod, java.lang.NoClassDefFoundError, pod-adoptions, web_default(uid) adoption",
        "ready, java.lang.IllegalStateException, pod-tasks,"
                + " web_default(uid) telling that the Node is ready",
        "ready, java.lang.StackOverflowError, pod-tasks,"
                + " web_default(uid) telling that the Node is ready",
    })
    void aPodRunsAfterAll(String call, Class<? extends Throwable> trouble, String kind, String name)
            throws Exception {
        host.watched = !call.equals("pod");
        host.troubles.put(call, trouble(trouble));
        host.pod = Optional.of(pod().build());
        new Adoption(host.services(), host.pods, new RecoveredMachines()).adopt(FakeHost.machine());
        awaitShown(kind, name);

        host.troubles.clear();

        await().atMost(PATIENCE)
                .until(() ->
                        "Running".equals(host.status.getPhase())
                                && host.calls.contains("nodeReady"));
        awaitNothingShown();
    }

    @ParameterizedTest
    @ValueSource(classes = {IllegalStateException.class, NoClassDefFoundError.class})
    void aPodIsRemovedAfterAll(Class<? extends Throwable> trouble) throws Exception {
        var worker = host.begin(pod().build());
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
        host.troubles.put("deletePod", trouble(trouble));
        worker.seen(deleted());
        awaitShown("pod-removals", "web_default(uid) removal");

        host.troubles.clear();

        assertThat(worker.awaitGone(PATIENCE)).isTrue();
        await().until(() -> host.loops.health().isEmpty());
    }

    private static Pod deleted() {
        return pod().editMetadata()
                .withDeletionTimestamp("2026-11-24T00:00:00Z")
                .withDeletionGracePeriodSeconds(0L)
                .endMetadata()
                .build();
    }

    @ParameterizedTest
    @ValueSource(classes = {IllegalStateException.class, NoClassDefFoundError.class})
    void theWatchOfAGuestGoesOn(Class<? extends Throwable> kind) throws Exception {
        var trouble = new AtomicReference<>(Optional.of(trouble(kind)));
        var view = new PodView(FakeHost.machine(), pod().build(), directory);
        var scope =
                new PodScope(
                        "default/web",
                        new PodThreads("default/web", "m-uid"),
                        Clocks.ofProcess(),
                        host.loops);
        var handle = new MachineHandle("web", 1);
        handle.opened(new GuestChannel(directory.resolve("g.sock"), host.transport));
        var mailbox = new PodMailbox();
        var watch =
                new GuestWatch(
                        view,
                        scope,
                        new PodReports(mailbox, view, scope, host),
                        handle,
                        new ContainerLogs(view, scope, handle),
                        _ -> {
                            trouble.get().ifPresent(FakeHost::sneak);
                            return 0;
                        });
        host.guest.tell(ContainerState.newBuilder().setContainerId("1").setName("app").build());

        watch.start();
        awaitShown("pod-tasks", "default/web container watch");
        trouble.set(Optional.empty());

        awaitNothingShown();
        assertThat(host.loops.health()).isNotEmpty();
        scope.close();
        handle.disconnect();
    }

    @ParameterizedTest
    @ValueSource(classes = {IllegalStateException.class, NoClassDefFoundError.class})
    void theAuditAsksForTheOtherPodsAndTellsInTheEnd(Class<? extends Throwable> kind)
            throws Exception {
        var worker = host.begin(pod().build());
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
        host.troubles.put("pod", trouble(kind));
        assertThatThrownBy(() -> PodHost.audit(host.pods, host, NO_SIGNS))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(
                        "failed to ask for pod web_default(uid)", "told by the test");

        host.troubles.clear();
        host.pod = Optional.empty();
        PodHost.audit(host.pods, host, NO_SIGNS);

        assertThat(worker.awaitGone(PATIENCE)).isTrue();
    }

    private static final Loop.Signs NO_SIGNS =
            new Loop.Signs() {
                @Override
                public void waits() {}

                @Override
                public void works() {}

                @Override
                public void succeeds() {}
            };
}
