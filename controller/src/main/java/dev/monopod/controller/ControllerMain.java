package dev.monopod.controller;

import com.sun.net.httpserver.HttpServer;
import dev.monopod.controller.admission.AdmissionServer;
import dev.monopod.controller.admission.AdmissionSettings;
import dev.monopod.controller.admission.ClusterReads;
import dev.monopod.controller.admission.KubernetesReads;
import dev.monopod.controller.admission.WebhookConfigurations;
import dev.monopod.controller.admission.WebhookEndpoint;
import dev.monopod.controller.admission.WebhookInstaller;
import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.controller.machine.MachineCleanup;
import dev.monopod.controller.profile.DefaultNetwork;
import dev.monopod.controller.profile.ProfileLifecycle;
import dev.monopod.controller.scheduling.FargateScheduler;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.size.MemoryOverhead;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Wires the controller: admission on every replica, all else on the leader. A replica that loses
/// the lead ends, and is started afresh by whoever supervises it.
@Command(name = "monopod-controller", mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli fills the options
public final class ControllerMain implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(ControllerMain.class);
    private static final Duration CRD_LIMIT = Duration.ofSeconds(30);

    @Option(names = "--kubeconfig", required = true)
    private Path kubeconfig;

    @Option(names = "--webhook-bind", defaultValue = "127.0.0.1:9443")
    private String webhookBind;

    @Option(names = "--webhook-url", defaultValue = "https://127.0.0.1:9443")
    private String webhookUrl;

    @Option(
            names = "--webhook-service",
            defaultValue = "",
            description = "NAMESPACE/NAME, instead of the URL")
    private String webhookService;

    @Option(names = "--webhook-ca-cert", required = true)
    private Path webhookAuthority;

    @Option(names = "--webhook-cert", required = true)
    private Path webhookCertificate;

    @Option(names = "--webhook-key", required = true)
    private Path webhookKey;

    @Option(names = "--region", defaultValue = "us-west-2")
    private String region;

    @Option(names = "--cluster-name", defaultValue = "monopod")
    private String clusterName;

    @Option(names = "--account-id", defaultValue = "000000000000")
    private String accountId;

    @Option(names = "--namespace", defaultValue = "kube-system", description = "of the Lease")
    private String namespace;

    @Option(names = "--identity", defaultValue = "")
    private String identity;

    @Option(names = "--no-eks-memory-overhead", description = "do not add EKS' 256 MiB")
    private boolean noOverhead;

    @Option(names = "--default-vpc-cidr", defaultValue = "192.168.0.0/16")
    private String defaultVpcCidr;

    @Option(names = "--health-bind", defaultValue = "127.0.0.1:9440")
    private String healthBind;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicBoolean ready = new AtomicBoolean();

    public static void main(String[] args) {
        System.exit(new CommandLine(new ControllerMain()).execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (var client = client();
                var cluster = new ClusterView(client)) {
            health();
            var overhead = noOverhead ? MemoryOverhead.NONE : MemoryOverhead.EKS_256_MIB;
            var reads = new KubernetesReads(client, cluster::profiles);
            // Webhooks of an earlier life may already point here, and only the API server's
            // readiness lets anything else pass; so the server comes first.
            new CrdInstaller(client).install(CRD_LIMIT);
            cluster.startProfiles();
            try (var admission =
                    new AdmissionServer(
                            address(webhookBind),
                            webhookCertificate,
                            webhookKey,
                            AdmissionServer.Webhooks.of(
                                    reads, new AdmissionSettings(region, overhead)))) {
                admission.start();
                ready.set(true);
                return elect(client, cluster, reads, overhead);
            }
        }
    }

    private int elect(
            KubernetesClient client,
            ClusterView cluster,
            ClusterReads reads,
            MemoryOverhead overhead)
            throws InterruptedException {
        var name = identity.isEmpty() ? hostname() + "_" + ProcessHandle.current().pid() : identity;
        var election =
                client.leaderElector()
                        .withConfig(
                                new LeaderElectionConfigBuilder()
                                        .withName("monopod-controller")
                                        .withLeaseDuration(Duration.ofSeconds(15))
                                        .withRenewDeadline(Duration.ofSeconds(10))
                                        .withRetryPeriod(Duration.ofSeconds(2))
                                        .withReleaseOnCancel(true)
                                        .withLock(
                                                new LeaseLock(
                                                        namespace, "monopod-controller", name))
                                        .withLeaderCallbacks(
                                                new LeaderCallbacks(
                                                        () ->
                                                                Thread.ofVirtual()
                                                                        .name("lead")
                                                                        .start(() ->
                                                                                lead(
                                                                                        client,
                                                                                        cluster,
                                                                                        reads,
                                                                                        overhead)),
                                                        () -> {
                                                            LOG.info("no longer the leader");
                                                            ended.countDown();
                                                        },
                                                        leader -> LOG.info("leader: {}", leader)))
                                        .build())
                        .build();
        CompletableFuture<?> run = election.start();
        Runtime.getRuntime()
                .addShutdownHook(
                        Thread.ofPlatform()
                                .unstarted(() -> {
                                    run.cancel(true);
                                    ended.countDown();
                                }));
        ended.await();
        run.cancel(true);
        return 0;
    }

    private void lead(
            KubernetesClient client,
            ClusterView cluster,
            ClusterReads reads,
            MemoryOverhead overhead) {
        try {
            new DefaultNetwork(client, region, Cidr.parse(defaultVpcCidr)).install();
            cluster.startAll();
            var webhooks = new WebhookInstaller(client, webhooks());
            // Each is stopped by the process' end; a leader is never asked to step down otherwise.
            var profiles =
                    new ProfileLifecycle(
                            client,
                            cluster,
                            new ProfileLifecycle.Arn(region, accountId, clusterName),
                            () ->
                                    webhooks.install(
                                            client.resources(FargateProfile.class)
                                                    .list()
                                                    .getItems()));
            profiles.start();
            new FargateScheduler(client, cluster, reads, overhead, Clock.systemUTC()).start();
            new MachineCleanup(client, cluster, Clock.systemUTC()).start();
            LOG.info("leading cluster {} in {}", clusterName, region);
        } catch (RuntimeException | IOException e) {
            LOG.error("can't lead, ending", e);
            ended.countDown();
        }
    }

    private WebhookConfigurations webhooks() throws IOException {
        var authority = Files.readString(webhookAuthority);
        var slash = webhookService.indexOf('/');
        return new WebhookConfigurations(
                slash < 0
                        ? new WebhookEndpoint.Url(webhookUrl, authority)
                        : new WebhookEndpoint.Service(
                                webhookService.substring(0, slash),
                                webhookService.substring(slash + 1),
                                443,
                                authority),
                namespace);
    }

    private KubernetesClient client() throws IOException {
        var config = Config.fromKubeconfig(kubeconfig.toFile());
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    private void health() throws IOException {
        var server = HttpServer.create(address(healthBind), 0);
        server.createContext(
                "/",
                exchange -> {
                    try (exchange) {
                        var path = exchange.getRequestURI().getPath();
                        var fine =
                                path.equals("/healthz") || (path.equals("/readyz") && ready.get());
                        var body = (fine ? "ok" : "not ready").getBytes(StandardCharsets.UTF_8);
                        exchange.sendResponseHeaders(fine ? 200 : 503, body.length);
                        exchange.getResponseBody().write(body);
                    }
                });
        server.start();
    }

    /// Two replicas in containers may well have the same process id.
    private static String hostname() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "controller";
        }
    }

    private static InetSocketAddress address(String bind) {
        var colon = bind.lastIndexOf(':');
        return new InetSocketAddress(
                bind.substring(0, colon), Integer.parseInt(bind.substring(colon + 1)));
    }
}
