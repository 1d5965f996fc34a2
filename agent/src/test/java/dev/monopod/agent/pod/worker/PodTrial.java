package dev.monopod.agent.pod.worker;

import dev.monopod.agent.kubelet.KubeletPods;
import dev.monopod.agent.kubelet.KubeletPods.LogOptions;
import dev.monopod.agent.kubelet.KubeletPods.StreamSession;
import dev.monopod.agent.pod.scope.Pauses;
import dev.monopod.agent.pod.scope.PodSettings;
import dev.monopod.host.image.OciImageStore;
import dev.monopod.host.image.RegistryConfiguration;
import dev.monopod.host.machine.QemuConfiguration;
import dev.monopod.host.machine.QemuHypervisor;
import dev.monopod.host.network.HostNetwork;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/// Runs one pod on a real machine with a fake API server, by hand as root: `PodTrial
/// GUEST-DIRECTORY IMAGE-TAR POD-YAML DIRECTORY NETNS TAP`.
final class PodTrial {
    private PodTrial() {}

    private record Tap(String namespace, String name) implements HostNetwork {
        @Override
        public void ensureVpc(VpcNetwork vpc) {}

        @Override
        public Attachment attach(PodInterface podInterface, Optional<OpenTap> opened) {
            return new Attachment(namespace, name, 1500);
        }

        @Override
        public void detach(String machineId) {}

        @Override
        public void retainOnly(Collection<String> machineIds) {}

        @Override
        public Optional<String> hostAddress(String vpc) {
            return Optional.empty();
        }

        @Override
        public void serveKubelets(Collection<Kubelet> kubelets) {}

        @Override
        public Map<String, Traffic> traffic(Collection<String> machineIds) {
            return Map.of();
        }

        @Override
        public void removeAll() {}
    }

    public static void main(String[] args) throws Exception {
        Path guest = Path.of(args[0]);
        Path directory = Path.of(args[3]);
        Files.createDirectories(directory.resolve("fake"));
        OciImageStore images =
                new OciImageStore(
                        directory.resolve("images"), guest, new RegistryConfiguration(List.of()));
        say("loaded " + images.load(Path.of(args[1])));
        try (FakeHost host = new FakeHost(directory.resolve("fake"));
                QemuCloser hypervisor =
                        new QemuCloser(
                                new QemuHypervisor(
                                        new QemuConfiguration(
                                                guest,
                                                directory,
                                                directory.resolve("run"),
                                                QemuConfiguration.Clones.OFF),
                                        QemuHypervisor.Warm.NONE))) {
            WorkerServices fake = host.services();
            WorkerServices services =
                    new WorkerServices(
                            fake.cluster(),
                            new PodHost.Machinery(
                                    hypervisor.qemu(), new Tap(args[4], args[5]), images),
                            host.transport,
                            new Semaphore(4),
                            new PodSettings(
                                    directory,
                                    "192.168.0.4",
                                    fake.settings().dns(),
                                    fake.settings().volumes(),
                                    Duration.ofMinutes(2)),
                            fake.running());
            Pod pod = Serialization.unmarshal(Files.readString(Path.of(args[2])), Pod.class);
            host.pod = Optional.of(pod);
            HostPods pods = new HostPods(new Tap(args[4], args[5]));
            long begun = System.nanoTime();
            new Adoption(services, pods, new RecoveredMachines()).adopt(FakeHost.machine());
            until("worker", () -> !pods.workers().isEmpty());
            PodWorker worker = pods.workers().iterator().next();
            until("running", () -> "Running".equals(host.status.getPhase()));
            say("running after " + (System.nanoTime() - begun) / 1_000_000 + " ms");
            until(
                    "ready",
                    () ->
                            host.status.getConditions().stream()
                                    .anyMatch(c ->
                                            c.getType().equals("Ready")
                                                    && c.getStatus().equals("True")));
            say("ready after " + (System.nanoTime() - begun) / 1_000_000 + " ms");
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try {
                int code =
                        pods.exec(
                                worker.view().machineName(),
                                "app",
                                List.of("/bin/sh", "-c", "id; env | sort | head -5; cat; exit 4"),
                                new StreamSession(
                                        false,
                                        Optional.of(
                                                new ByteArrayInputStream(
                                                        "through stdin\n"
                                                                .getBytes(StandardCharsets.UTF_8))),
                                        Optional.of(out),
                                        Optional.of(out),
                                        Optional::empty));
                say("exec: " + code + "\n" + out.toString(StandardCharsets.UTF_8));
            } catch (Exception e) {
                say("exec failed: " + e);
            }
            say("statistics: " + pods.statistics(List.of(worker.pod()), KubeletPods.Detail.ALL));
            until("a restart", () -> worker.state().container("app").attempt() >= 1);
            out.reset();
            pods.logs(
                    worker.view().machineName(),
                    "app",
                    new LogOptions(false, true, true, -1, -1, Optional.empty()),
                    out);
            say("previous log:\n" + out.toString(StandardCharsets.UTF_8));
            say(Serialization.asYaml(worker.pod().getStatus()));
            worker.seen(
                    new PodBuilder(pod)
                            .editMetadata()
                            .withDeletionTimestamp("2026-11-24T00:00:00Z")
                            .withDeletionGracePeriodSeconds(5L)
                            .endMetadata()
                            .build());
            long deleted = System.nanoTime();
            say("gone: " + worker.awaitGone(Duration.ofSeconds(60)));
            say("deleted after " + (System.nanoTime() - deleted) / 1_000_000 + " ms");
            host.events.forEach(PodTrial::say);
            say(host.calls.toString());
        }
        System.exit(0);
    }

    private record QemuCloser(QemuHypervisor qemu) implements AutoCloseable {
        @Override
        public void close() {
            qemu.recover().forEach(vm -> vm.destroy(Duration.ZERO));
        }
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("never: " + what);
            }
            Pauses.pause(Duration.ofMillis(50));
        }
    }

    private static void say(String text) {
        System.out.println(text);
    }
}
