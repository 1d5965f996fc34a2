package dev.monopod.agent;

import dev.monopod.agent.host.HostRegistration;
import dev.monopod.agent.host.Overcommit;
import dev.monopod.agent.node.NodeStatus;
import dev.monopod.agent.pod.scope.PodSettings;
import dev.monopod.agent.pod.worker.PodHost;
import dev.monopod.host.file.PrivateFiles;
import dev.monopod.host.machine.Hypervisor;
import dev.monopod.host.machine.KernelImage;
import dev.monopod.kube.client.BriskClient;
import dev.monopod.kube.client.EventRecorder;
import dev.monopod.kube.client.Kubeconfig;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.health.HealthServer;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.size.Sizing;
import dev.monopod.model.time.Clocks;
import dev.monopod.model.time.SteadyClock;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// The agent's main. It lists what is wired; what each part is made of stands in [Parts].
@Command(
        name = "monopod-agent",
        mixinStandardHelpOptions = true,
        description =
                "Makes and tends the machines of this host; is the kubelet of each pod on it.")
public final class AgentMain implements Callable<Integer> {
    static final String VERSION = "0.1.0";

    private static final Logger LOG = LoggerFactory.getLogger(AgentMain.class);
    private static final Duration BOOT_PATIENCE = Duration.ofMinutes(3);

    @Mixin private AgentOptions options = new AgentOptions();
    private final CompletableFuture<Void> stopping = new CompletableFuture<>();

    public static void main(String[] args) {
        System.exit(
                new CommandLine(new AgentMain())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopping.complete(null)));
        PrivateFiles.ensureFolder(options.dataDirectory);
        Files.createDirectories(options.runDirectory);
        Files.createDirectories(settings("").seccompDirectory());
        var loops = new Loops(SteadyClock.ofProcess(), new Random());
        try (var health = Parts.health(options, loops)) {
            run(loops, health);
        }
        return 0;
    }

    private void run(Loops loops, HealthServer health) throws IOException, InterruptedException {
        var network = Parts.network(options);
        try (var hypervisor = Parts.hypervisor(options);
                var client = client();
                var brisk = BriskClient.of(client);
                var events = new EventRecorder(brisk, Clock.systemUTC(), loops);
                var watches = new Watches(client);
                var vpcs = new VpcWatch(client, watches, network, options, loops)) {
            var images = Parts.images(options, vpcs::ranges);
            var start = new Start(loops, health, stopping);
            var address = start.step("host-address", vpcs::hostAddress);
            try (var guard = Parts.guard(events, watches, options, loops);
                    var router = Parts.logRouter(options, events, loops);
                    var nodes = new NodeStatus(brisk, VERSION, loops, Clocks.ofProcess());
                    var registration =
                            new HostRegistration(
                                    brisk,
                                    facts(address, hypervisor),
                                    new HostRegistration.Machinery(
                                            hypervisor::sharedMebiBytes, hypervisor::programs),
                                    loops,
                                    Clock.systemUTC());
                    var pods =
                            new PodHost(
                                    new PodHost.Api(client, brisk, events, watches),
                                    options.hostName,
                                    new PodHost.Machinery(
                                            hypervisor, guard.of(network), images, router),
                                    nodes,
                                    settings(address),
                                    loops);
                    var collector = Parts.collector(options, images, pods, loops);
                    var balancing = Parts.loadBalancing(options, client, watches, events, loops);
                    var kubelet = Parts.kubelet(options, client, pods, address, network, loops)) {
                start.step(
                        "vpcs",
                        () -> {
                            vpcs.start();
                            return true;
                        });
                kubelet.start();
                watches.of(Node.class).onChange(ChangeHandler.each(nodes::seen));
                guard.start();
                nodes.start();
                router.start();
                start.step(
                        "taking-up-pods",
                        () -> {
                            pods.start();
                            return true;
                        });
                var usual = Sizing.smallest();
                hypervisor.expect(
                        new Hypervisor.Size(
                                usual.cpu().value(),
                                usual.memory().value(),
                                usual.storage().value() << 20));
                registration.start();
                collector.start();
                balancing.start();
                health.started();
                LOG.info("agent {} of host {} runs", VERSION, options.hostName);
                stopping.join();
                LOG.info("agent ends; its machines run on");
            } catch (InterruptedException | IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private HostRegistration.Facts facts(String address, Hypervisor hypervisor) {
        return new HostRegistration.Facts(
                options.hostName,
                address,
                options.underlayAddress.orElse(""),
                hypervisor.accelerator().name().toLowerCase(Locale.ROOT),
                KernelImage.release(options.guestDirectory.resolve("vmlinuz")),
                VERSION,
                new Overcommit(options.cpuOvercommit, options.storageOvercommit),
                options.dataDirectory);
    }

    private PodSettings settings(String address) {
        return new PodSettings(
                options.dataDirectory,
                address,
                new PodSettings.DnsSettings(
                        options.clusterDns, options.clusterDomain, Path.of("/etc/resolv.conf")),
                new PodSettings.VolumeSettings(
                        options.guestDirectory.resolve("nfs.squashfs").toAbsolutePath(),
                        options.region),
                BOOT_PATIENCE);
    }

    private KubernetesClient client() {
        var builder = new KubernetesClientBuilder();
        options.kubeconfig.ifPresent(file -> builder.withConfig(Kubeconfig.read(file)));
        return builder.build();
    }
}
