package dev.monopod.agent;

import dev.monopod.agent.host.HostRegistration;
import dev.monopod.agent.host.KernelImage;
import dev.monopod.agent.host.Overcommit;
import dev.monopod.agent.loadbalancing.LoadBalancing;
import dev.monopod.agent.node.NodeStatus;
import dev.monopod.agent.pod.scope.PodSettings;
import dev.monopod.agent.pod.worker.PodHost;
import dev.monopod.host.image.ImageCollector;
import dev.monopod.host.image.OciImageStore;
import dev.monopod.host.machine.Hypervisor;
import dev.monopod.host.machine.QemuConfiguration;
import dev.monopod.host.network.HostNetwork;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
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
    private static final Duration RETRY = Duration.ofSeconds(2);
    private static final Duration BOOT_PATIENCE = Duration.ofMinutes(3);

    @Mixin private AgentOptions options = new AgentOptions();
    private final CountDownLatch stopping = new CountDownLatch(1);

    public static void main(String[] args) {
        System.exit(new CommandLine(new AgentMain()).execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(stopping::countDown));
        Files.createDirectories(options.dataDirectory);
        Files.createDirectories(options.runDirectory);
        Files.createDirectories(settings("").seccompDirectory());
        Hypervisor hypervisor = Parts.hypervisor(options);
        HostNetwork network = Parts.network(options);
        OciImageStore images = Parts.images(options);
        try (KubernetesClient client = client()) {
            VpcWatch vpcs = new VpcWatch(client, network, options);
            String address = persistently(vpcs::hostAddress);
            try (Parts.Guard guard = Parts.guard(client, options);
                    NodeStatus nodes = new NodeStatus(client, VERSION);
                    HostRegistration registration =
                            new HostRegistration(client, facts(address, hypervisor));
                    PodHost pods =
                            new PodHost(
                                    client,
                                    options.hostName,
                                    new PodHost.Machinery(hypervisor, guard.of(network), images),
                                    nodes,
                                    settings(address));
                    ImageCollector collector = Parts.collector(options, images, pods);
                    LoadBalancing balancing = Parts.loadBalancing(options, client);
                    AutoCloseable kubelet = Parts.kubelet(options, client, pods, address)) {
                vpcs.start();
                guard.start();
                nodes.start();
                persistently(() -> {
                    pods.start();
                    return true;
                });
                registration.start();
                collector.start();
                balancing.start();
                LOG.info("agent {} of host {} runs", VERSION, options.hostName);
                stopping.await();
                LOG.info(
                        "agent ends; its machines run on ({})", kubelet.getClass().getSimpleName());
            } catch (InterruptedException | IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
        return 0;
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
                QemuConfiguration.DEFAULT_JAIL_USER,
                new PodSettings.VolumeSettings(
                        options.guestDirectory.resolve("nfs.squashfs").toAbsolutePath(),
                        options.region),
                BOOT_PATIENCE);
    }

    private KubernetesClient client() {
        KubernetesClientBuilder builder = new KubernetesClientBuilder();
        options.kubeconfig.ifPresent(
                file -> builder.withConfig(Config.fromKubeconfig(file.toFile())));
        return builder.build();
    }

    /// The API server or its CRDs may come later than the agent.
    private <T> T persistently(Supplier<T> action) throws InterruptedException {
        while (true) {
            try {
                return action.get();
            } catch (KubernetesClientException e) {
                LOG.info("waiting for the API server: {}", e.getMessage());
                if (stopping.await(RETRY.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new InterruptedException("stopped while waiting for the API server");
                }
            }
        }
    }
}
