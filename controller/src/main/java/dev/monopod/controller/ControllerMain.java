package dev.monopod.controller;

import dev.monopod.controller.access.HostAccess;
import dev.monopod.controller.admission.AdmissionServer;
import dev.monopod.controller.admission.AdmissionSettings;
import dev.monopod.controller.admission.KubernetesReads;
import dev.monopod.controller.admission.WebhookConfigurations;
import dev.monopod.controller.admission.WebhookInstaller;
import dev.monopod.controller.admission.WebhookOptions;
import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.controller.eks.AwsOptions;
import dev.monopod.controller.eks.AwsTools;
import dev.monopod.controller.loadbalancing.GatewayDefinitions;
import dev.monopod.controller.loadbalancing.LoadBalancerController;
import dev.monopod.controller.machine.MachineCleanup;
import dev.monopod.controller.machine.StrayPods;
import dev.monopod.controller.network.NetworkLifecycle;
import dev.monopod.controller.patching.Patching;
import dev.monopod.controller.profile.DefaultNetwork;
import dev.monopod.controller.profile.ProfileLifecycle;
import dev.monopod.controller.profile.ProfileOptions;
import dev.monopod.controller.scheduling.FargateScheduler;
import dev.monopod.controller.scheduling.LeftoverClaims;
import dev.monopod.controller.serving.HttpServerLimits;
import dev.monopod.eks.access.AccessPolicyKeeper;
import dev.monopod.eks.access.ClusterIdentity;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.client.BriskClient;
import dev.monopod.kube.client.EventRecorder;
import dev.monopod.kube.client.Patches;
import dev.monopod.kube.health.HealthServer;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.time.Clocks;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Wires the controller: admission on every replica, all else on the leader. A replica that loses
/// the lead ends, and is started afresh by whoever supervises it.
@Command(name = "monopod-controller", mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli fills the options
public final class ControllerMain implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(ControllerMain.class);
    private static final Duration CRD_LIMIT = Duration.ofSeconds(30);

    /// Less than the ten seconds after which the supervisor kills.
    private static final Duration STOP_LIMIT = Duration.ofSeconds(8);

    @Mixin private ClusterOptions clusterOptions = new ClusterOptions();

    @Mixin private WebhookOptions webhookOptions = new WebhookOptions();

    @Option(names = "--region", defaultValue = Defaults.REGION)
    private String region;

    @Option(names = "--cluster-name", defaultValue = Defaults.CLUSTER_NAME)
    private String clusterName;

    @Option(names = "--account-id", defaultValue = Defaults.ACCOUNT_ID)
    private String accountId;

    @Option(names = "--namespace", defaultValue = "kube-system", description = "of the Lease")
    private String namespace;

    @Option(names = "--identity", defaultValue = "")
    private String identity;

    @Option(
            names = "--host-name",
            defaultValue = "",
            description = "of the Host that it runs on (default: what the kernel calls it)")
    private String hostName;

    @Option(names = "--no-eks-memory-overhead", description = "do not add EKS' 256 MiB")
    private boolean noOverhead;

    @Option(names = "--default-vpc-cidr", defaultValue = Defaults.VPC_CIDR)
    private String defaultVpcCidr;

    @Option(
            names = "--health-bind",
            defaultValue = "127.0.0.1:" + Defaults.HEALTH_PORT,
            converter = WebhookOptions.AddressConverter.class)
    private InetSocketAddress healthBind;

    @Option(
            names = "--gateway-api",
            description = "folder of the Gateway API's definitions, to install what is missing")
    private Optional<Path> gatewayDefinitions = Optional.empty();

    @Option(
            names = "--host-lost-seconds",
            defaultValue = "300",
            description = "silence after which a host is lost, and its pods are made elsewhere")
    private long hostLostSeconds;

    @Mixin private ProfileOptions profileOptions = new ProfileOptions();

    @Mixin private AwsOptions aws = new AwsOptions();

    private final CountDownLatch ended = new CountDownLatch(1);
    private final CompletableFuture<Integer> status = new CompletableFuture<>();
    private final List<Runnable> closers = new CopyOnWriteArrayList<>();
    private final Loops loops = new Loops(Clocks.ofProcess().steady(), new Random());

    public static void main(String[] args) {
        var controller = new ControllerMain();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(controller::stop));
        var code =
                new CommandLine(controller).setCaseInsensitiveEnumValuesAllowed(true).execute(args);
        controller.status.complete(code);
        System.exit(code);
    }

    /// Runs at the end of the process, by a signal or not. A JVM that a signal ends does not wait
    /// for its main thread, and says 143: so this waits, and ends it with the main thread's status.
    /// If that takes too long (the API server is gone, say) the Lease expires by itself.
    private void stop() {
        ended.countDown();
        var limited = status.completeOnTimeout(0, STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        Runtime.getRuntime().halt(limited.join());
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        HttpServerLimits.set();
        try (var health = new HealthServer(healthBind, loops);
                var client = clusterOptions.client();
                var cluster = new ClusterView(client)) {
            var overhead = noOverhead ? MemoryOverhead.NONE : MemoryOverhead.EKS_256_MIB;
            var reads = new KubernetesReads(client, cluster.watches());
            // Webhooks of an earlier life may already point here, and only the API server's
            // readiness lets anything else pass; so the server comes first.
            new CrdInstaller(client).install(CRD_LIMIT);
            reads.start();
            try (var webhooks = webhookOptions.open(client, loops);
                    var admission =
                            new AdmissionServer(
                                    webhookOptions.address(),
                                    webhooks.certificate(),
                                    webhooks.key(),
                                    AdmissionServer.Webhooks.of(
                                            reads,
                                            new AdmissionSettings(
                                                    region,
                                                    overhead,
                                                    profileOptions.quota(),
                                                    profileOptions.roles(arn()))),
                                    loops);
                    var tools = new AwsTools(aws, awsIdentity(), client, loops)) {
                tools.start(admission);
                admission.start();
                health.started();
                return elect(client, cluster, overhead, webhooks);
            }
        }
    }

    private ProfileLifecycle.Arn arn() {
        return new ProfileLifecycle.Arn(region, accountId, clusterName);
    }

    private ClusterIdentity awsIdentity() {
        return new ClusterIdentity(clusterName, "aws", region, accountId);
    }

    private int elect(
            KubernetesClient client,
            ClusterView cluster,
            MemoryOverhead overhead,
            WebhookOptions.Identity webhooks)
            throws InterruptedException {
        var host = hostName.isEmpty() ? hostname() : hostName;
        var name = identity.isEmpty() ? host + "_" + ProcessHandle.current().pid() : identity;
        var election =
                client.leaderElector()
                        .withConfig(
                                new LeaderElectionConfigBuilder()
                                        .withName(Names.CONTROLLER_LEASE)
                                        .withLeaseDuration(Duration.ofSeconds(15))
                                        .withRenewDeadline(Duration.ofSeconds(10))
                                        .withRetryPeriod(Duration.ofSeconds(2))
                                        .withReleaseOnCancel(true)
                                        .withLock(
                                                new LeaseLock(
                                                        namespace, Names.CONTROLLER_LEASE, name))
                                        .withLeaderCallbacks(
                                                new LeaderCallbacks(
                                                        () ->
                                                                Thread.ofVirtual()
                                                                        .name("lead")
                                                                        .start(() ->
                                                                                lead(
                                                                                        client,
                                                                                        cluster,
                                                                                        overhead,
                                                                                        webhooks)),
                                                        () -> {
                                                            LOG.info("no longer the leader");
                                                            ended.countDown();
                                                        },
                                                        leader -> LOG.info("leader: {}", leader)))
                                        .build())
                        .build();
        CompletableFuture<?> run = election.start();
        // It ends when it is cancelled, or by a failure of its own, after which nobody would lead.
        var unused = run.whenComplete((_, _) -> ended.countDown());
        ended.await();
        // Another may lead from the release on, so nothing must be decided here any more.
        closers.forEach(Runnable::run);
        run.cancel(true);
        clearHolder(client, name);
        LOG.info("ended");
        return 0;
    }

    /// The elector's release shortens the Lease to a second and leaves its holder, as its merge
    /// patch omits what is null; whoever reads the Lease would take the holder for alive.
    private void clearHolder(KubernetesClient client, String name) {
        var resource = client.leases().inNamespace(namespace).withName(Names.CONTROLLER_LEASE);
        try {
            @Nullable Lease lease = resource.get();
            if (lease != null && name.equals(lease.getSpec().getHolderIdentity())) {
                new Patches(client)
                        .merge(
                                lease,
                                Map.of(
                                        "metadata",
                                        Map.of(
                                                "resourceVersion",
                                                lease.getMetadata().getResourceVersion()),
                                        "spec",
                                        Collections.singletonMap("holderIdentity", null)));
            }
        } catch (KubernetesClientException e) {
            LOG.info("the Lease is left to expire: {}", e.getMessage());
        }
    }

    private void lead(
            KubernetesClient client,
            ClusterView cluster,
            MemoryOverhead overhead,
            WebhookOptions.Identity identity) {
        try {
            new DefaultNetwork(client, region, Cidr.parse(defaultVpcCidr)).install();
            cluster.startAll();
            var webhooks =
                    new WebhookInstaller(
                            client, new WebhookConfigurations(identity.endpoint(), namespace));
            webhooks.installPolicies();
            var profiles =
                    new ProfileLifecycle(
                            client,
                            cluster,
                            arn(),
                            profileOptions.quota(),
                            () -> {
                                webhooks.installPolicies();
                                webhooks.install(
                                        client.resources(FargateProfile.class).list().getItems());
                            },
                            loops);
            var brisk = BriskClient.of(client);
            var recorder = new EventRecorder(brisk, Clock.systemUTC(), loops);
            var scheduler =
                    FargateScheduler.of(
                            brisk,
                            cluster,
                            overhead,
                            profileOptions.roles(arn()),
                            recorder.of(Names.SCHEDULER_NAME, ""),
                            loops,
                            Clocks.ofProcess());
            var claims = new LeftoverClaims(client, cluster, loops);
            var cleanup =
                    new MachineCleanup(
                            client,
                            cluster,
                            loops,
                            Clocks.ofProcess(),
                            Duration.ofSeconds(hostLostSeconds));
            var strays =
                    new StrayPods(
                            client,
                            cluster,
                            recorder.of(Names.SCHEDULER_NAME, ""),
                            loops,
                            Clock.systemUTC());
            gatewayDefinitions.ifPresent(new GatewayDefinitions(client)::install);
            var balancers =
                    new LoadBalancerController(
                            client,
                            cluster,
                            cleanup::lostHosts,
                            recorder.of("monopod-load-balancers", ""),
                            loops,
                            Clock.systemUTC());
            var network =
                    new NetworkLifecycle(
                            client,
                            cluster,
                            recorder.of("monopod-network", ""),
                            loops,
                            Clock.systemUTC());
            var patching =
                    new Patching(
                            client,
                            cluster,
                            new Patching.Cluster(clusterName, region, accountId),
                            recorder.of("monopod-patching", ""),
                            loops,
                            Clocks.ofProcess());
            var access = new HostAccess(client, cluster, balancers::certificatesByHost, loops);
            balancers.onCertificates(access::now);
            closers.addAll(
                    List.of(
                            access::close,
                            profiles::close,
                            scheduler::close,
                            claims::close,
                            cleanup::close,
                            strays::close,
                            balancers::close,
                            network::close,
                            patching::close,
                            recorder::close,
                            brisk::close));
            // Before pods are placed, whose hosts would wait for it.
            access.start();
            network.start();
            identity.onAuthorities(profiles::reviewAdmission);
            profiles.start();
            scheduler.start(cluster);
            claims.start();
            cleanup.start();
            strays.start();
            balancers.start();
            patching.start();
            if (aws.isOn()) {
                var policies = new AccessPolicyKeeper(client, cluster.watches(), accountId, loops);
                closers.add(policies::close);
                policies.start();
            }
            LOG.info("leading cluster {} in {}", clusterName, region);
        } catch (Throwable e) {
            // Whatever it is: a replica that holds the Lease and does nothing helps nobody.
            LOG.error("failed to lead, exiting", e);
            ended.countDown();
        }
    }

    /// Two replicas in containers may well have the same process id.
    private static String hostname() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "controller";
        }
    }
}
