package dev.monopod.agent;

import dev.monopod.agent.fabric.Fabrics;
import dev.monopod.agent.firewall.Firewalls;
import dev.monopod.agent.firewall.GuardedNetwork;
import dev.monopod.agent.firewall.NetworkWatch;
import dev.monopod.agent.kubelet.KubeletPods;
import dev.monopod.agent.kubelet.KubeletServer;
import dev.monopod.agent.kubelet.KubeletServerConfiguration;
import dev.monopod.agent.kubelet.NodeDoors;
import dev.monopod.agent.kubelet.ServingCertificates;
import dev.monopod.agent.kubelet.SubjectAccessReviewAuthorizer;
import dev.monopod.agent.kubelet.TokenReviewAuthenticator;
import dev.monopod.agent.loadbalancing.LoadBalancing;
import dev.monopod.agent.logging.LogRouter;
import dev.monopod.agent.pod.worker.PodHost;
import dev.monopod.agent.podidentity.CredentialDoors;
import dev.monopod.agent.service.ServiceViewing;
import dev.monopod.host.guest.GuestRehearsal;
import dev.monopod.host.image.CredentialPluginSettings;
import dev.monopod.host.image.ImageCollector;
import dev.monopod.host.image.ImageGarbage;
import dev.monopod.host.image.OciImageStore;
import dev.monopod.host.image.RegistryConfiguration;
import dev.monopod.host.machine.QemuConfiguration;
import dev.monopod.host.machine.QemuHypervisor;
import dev.monopod.host.network.HostNetwork;
import dev.monopod.host.network.LinuxHostNetwork;
import dev.monopod.host.network.PolicyTables;
import dev.monopod.host.network.ServiceViewTables;
import dev.monopod.host.network.Underlay;
import dev.monopod.kube.client.EventRecorder;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.health.HealthServer;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.Firewall;
import dev.monopod.model.time.SteadyClock;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// The one place that names implementations.
final class Parts {
    private Parts() {}

    static QemuHypervisor hypervisor(AgentOptions options) {
        return new QemuHypervisor(
                new QemuConfiguration(
                        options.guestDirectory,
                        options.dataDirectory,
                        options.runDirectory,
                        options.clones),
                new QemuHypervisor.Warm(
                        options.warmMachines, new GuestRehearsal(Clock.systemUTC())::at));
    }

    static HealthServer health(AgentOptions options, Loops loops) throws IOException {
        var bind = options.healthBind;
        var colon = bind.lastIndexOf(':');
        return new HealthServer(
                new InetSocketAddress(
                        bind.substring(0, colon), Integer.parseInt(bind.substring(colon + 1))),
                loops);
    }

    static HostNetwork network(AgentOptions options) {
        return options.underlayAddress
                .map(address ->
                        new LinuxHostNetwork(options.runDirectory, Underlay.of(address).podMtu()))
                .orElseGet(() -> new LinuxHostNetwork(options.runDirectory));
    }

    /// Security groups and NetworkPolicies, and the links to other hosts and views of Services,
    /// which follow from the same objects.
    record Guard(
            NetworkWatch watch,
            Firewalls firewalls,
            Optional<Fabrics> fabrics,
            ServiceViewing services)
            implements AutoCloseable {
        HostNetwork of(HostNetwork network) {
            return new GuardedNetwork(network, firewalls);
        }

        void start() {
            watch.start(() -> {
                firewalls.changed();
                fabrics.ifPresent(Fabrics::changed);
                services.changed();
            });
            firewalls.start();
            fabrics.ifPresent(Fabrics::start);
            services.start();
        }

        @Override
        public void close() {
            services.close();
            fabrics.ifPresent(Fabrics::close);
            firewalls.close();
        }
    }

    /// The policies of this host's VPCs in the kernel.
    private record KernelTables(PolicyTables tables) implements Firewalls.Tables {
        @Override
        public void apply(String vpc, Firewall firewall) {
            tables.apply(vpc, firewall);
        }

        @Override
        public void check(String vpc, Firewall firewall) {
            tables.check(vpc, firewall);
        }
    }

    static LogRouter logRouter(AgentOptions options, EventRecorder recorder, Loops loops) {
        return LogRouter.of(
                options.dataDirectory,
                recorder.of("fargate-agent", options.hostName),
                loops,
                Clock.systemUTC());
    }

    static Guard guard(EventRecorder recorder, Watches watches, AgentOptions options, Loops loops) {
        var watch = new NetworkWatch(watches);
        return new Guard(
                watch,
                new Firewalls(
                        watch::objects,
                        options.hostName,
                        new KernelTables(new PolicyTables()),
                        recorder.of("monopod-firewall", options.hostName),
                        loops),
                options.underlayAddress.map(address ->
                        new Fabrics(watches, watch, options.hostName, Underlay.of(address), loops)),
                new ServiceViewing(
                        watches,
                        watch::objects,
                        new ServiceViewing.Place(options.hostName, options.hostAddress),
                        new ServiceViewTables()::apply,
                        recorder.of("monopod-services", options.hostName),
                        loops));
    }

    /// @param vpcs ranges of the VPCs
    static OciImageStore images(AgentOptions options, Supplier<List<Cidr>> vpcs)
            throws IOException {
        var services = Cidr.parse(options.serviceCidr);
        var registries =
                new OciImageStore.Settings() {
                    @Override
                    public RegistryConfiguration registries() throws IOException {
                        return options.registries.isPresent()
                                ? RegistryConfiguration.read(options.registries.get())
                                : new RegistryConfiguration(List.of());
                    }

                    @Override
                    public List<Cidr> ownRanges() {
                        return Stream.concat(Stream.of(services), vpcs.get().stream()).toList();
                    }
                };
        var store =
                new OciImageStore(
                        options.dataDirectory.resolve("images"),
                        options.guestDirectory,
                        registries,
                        plugins(options));
        store.removeAbandoned();
        OciImageStore.prepare();
        return store;
    }

    private static CredentialPluginSettings plugins(AgentOptions options) throws IOException {
        var usual = options.dataDirectory.resolve("credential-providers.yaml");
        var file = options.credentialProviderConfig.orElse(usual);
        return options.credentialProviderConfig.isPresent() || Files.exists(usual)
                ? CredentialPluginSettings.read(
                        file,
                        options.credentialProviderDirectory.orElse(
                                options.dataDirectory.resolve("credential-providers")))
                : CredentialPluginSettings.none();
    }

    static ImageCollector collector(
            AgentOptions options, OciImageStore images, PodHost pods, Loops loops) {
        return new ImageCollector(
                images,
                new ImageGarbage(
                        options.imageHighThreshold,
                        options.imageLowThreshold,
                        Duration.ofSeconds(options.minimumImageSeconds)),
                pods::imageDisks,
                Clock.systemUTC(),
                loops);
    }

    static LoadBalancing loadBalancing(
            AgentOptions options,
            KubernetesClient client,
            Watches watches,
            EventRecorder recorder,
            Loops loops) {
        return new LoadBalancing(
                client,
                watches,
                options.hostName,
                options.runDirectory,
                options.dataDirectory.resolve("logs"),
                recorder.of("monopod-load-balancers", options.hostName),
                loops);
    }

    /// The kubelet API of every pod that is here, and what the host answers these pods themselves.
    record Kubelet(KubeletServer server, NodeDoors doors, Optional<CredentialDoors> credentials)
            implements AutoCloseable {
        void start() {
            doors.start();
            credentials.ifPresent(CredentialDoors::start);
        }

        @Override
        public void close() {
            credentials.ifPresent(CredentialDoors::close);
            doors.close();
            server.close();
        }
    }

    /// Listens when it returns, for the Nodes once its doors are started; its certificate names the
    /// host and every pod.
    static Kubelet kubelet(
            AgentOptions options,
            KubernetesClient client,
            PodHost pods,
            String address,
            HostNetwork network,
            Loops loops)
            throws IOException {
        var own = List.of(address, "127.0.0.1", options.hostName);
        var pki = options.kubeletCertificate().toAbsolutePath().getParent();
        if (pki != null) {
            Files.createDirectories(pki);
        }
        var certificates =
                ServingCertificates.open(
                        options.kubeletCertificate(),
                        options.kubeletKey(),
                        options.clientAuthority,
                        own,
                        Clock.systemUTC());
        var server =
                new KubeletServer(
                        new KubeletServerConfiguration(options.kubeletPort, options.hostName),
                        pods.pods(),
                        new TokenReviewAuthenticator(client, SteadyClock.ofProcess()),
                        new SubjectAccessReviewAuthorizer(client, SteadyClock.ofProcess()),
                        certificates);
        var doors =
                new NodeDoors(
                        server,
                        network,
                        pods::places,
                        places -> certificates.update(names(own, places)),
                        loops);
        var credentials =
                options.podIdentity
                        ? Optional.of(
                                CredentialDoors.of(
                                        client, options.clusterName, network, pods::places, loops))
                        : Optional.<CredentialDoors>empty();
        pods.whenMoved(() -> {
            doors.nudge();
            credentials.ifPresent(CredentialDoors::nudge);
        });
        server.start();
        return new Kubelet(server, doors, credentials);
    }

    private static List<String> names(List<String> own, List<KubeletPods.Place> places) {
        return Stream.concat(own.stream(), places.stream().map(KubeletPods.Place::address))
                .toList();
    }
}
