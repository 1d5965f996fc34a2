package dev.monopod.cli;

import dev.monopod.kube.api.Vpc;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.network.Cidr;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Brings this machine to: control plane, controller and agent run, a profile exists, and a first
/// pod runs in its own machine. Each step is skipped if what it makes is there already, so a second
/// `up` repairs and keeps all objects.
@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        description = "Run Monopod on this machine, with a first pod.")
final class UpCommand implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private CommonOptions options = new CommonOptions();

    @Option(
            names = "--vpc-cidr",
            paramLabel = "CIDR",
            description =
                    "Range of the VPC, /16 to /24 (default: "
                            + Defaults.VPC_CIDR
                            + ", else the first free 10.x.0.0/16).")
    private @Nullable String vpcCidr;

    @Option(
            names = "--service-cidr",
            paramLabel = "CIDR",
            description = "Range of Services (default: " + Defaults.SERVICE_CIDR + ").")
    private @Nullable String serviceCidr;

    @Option(
            names = "--region",
            description =
                    "Region that nodes, zones and ARNs name (default: " + Defaults.REGION + ").")
    private @Nullable String region;

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "Join this existing cluster; no control plane is started.")
    private @Nullable Path kubeconfig;

    @Option(
            names = "--cpu-overcommit",
            paramLabel = "N",
            description = "vCPUs promised for each processor of this machine (default: 10).")
    private @Nullable Integer cpuOvercommit;

    @Option(
            names = "--storage-overcommit",
            paramLabel = "N",
            description =
                    "Disk promised for each byte of this machine's; machines' disks are sparse (default: 10).")
    private @Nullable Integer storageOvercommit;

    @Option(
            names = "--underlay-address",
            paramLabel = "ADDRESS",
            description =
                    "Address by which other hosts reach this one (default: that of the default route).")
    private @Nullable String underlay;

    @Option(names = "--no-first-pod", description = "Stop after the profile: start no pod.")
    private boolean noFirstPod;

    @Option(names = "--vpc", hidden = true, defaultValue = "default")
    private String vpc = "default";

    @Override
    public Integer call() throws Exception {
        Layout layout = options.layout();
        // With -o json the steps go to standard error: standard output is the answer alone.
        PrintStream out = options.json() ? System.err : System.out;
        Steps steps = new Steps(out);
        Decision decided = decide(layout);
        boolean joins = decided.config().externalKubeconfig().isPresent();
        steps.step("preflight", () -> UpSteps.preflight(layout, steps, joins));
        UpConfig config =
                decided.others().isPresent()
                        ? steps.step("place in the cluster", () -> place(decided))
                        : decided.config();
        UpSteps up = new UpSteps(layout, config, steps);
        steps.step("network of the VPC " + config.vpcCidr(), () -> up.network());
        up.processes();
        up.host();
        if (config.member()) {
            steps.note("this machine is a host of the cluster of " + config.kubeconfig());
            return 0;
        }
        String kubeconfigHint = steps.step("kubeconfig", up::kubeconfig);
        boolean imageLoaded = up.images();
        up.profile();
        String pod = "";
        if (!noFirstPod && imageLoaded) {
            pod = up.firstPod();
        } else if (!noFirstPod) {
            steps.note("no example image is built, so there is no first pod");
        }
        report(layout, up, kubeconfigHint, pod, steps);
        return 0;
    }

    private void report(Layout layout, UpSteps up, String kubeconfigHint, String pod, Steps steps) {
        if (options.json()) {
            CommonOptions.printJson(
                    Map.of(
                            "kubeconfig", up.kubeconfigFile().toString(),
                            "firstPod", pod,
                            "steps", steps.done()));
            return;
        }
        System.out.println();
        System.out.print(up.overview());
        System.out.println("\nNext:");
        if (!kubeconfigHint.isEmpty()) {
            System.out.println("  " + kubeconfigHint);
        }
        List.of(
                        "kubectl get nodes,pods -o wide",
                        "kubectl exec -it hello -- sh",
                        "kubectl create deployment web --image=IMAGE --replicas=5",
                        "monopod status        monopod why POD        monopod down")
                .forEach(command -> System.out.println("  " + command));
    }

    /// @param others the VPC in which other hosts stand, if this one joins their cluster now
    private record Decision(UpConfig config, Optional<Vpc> others) {}

    /// What the options say, else what the last `up` decided, else the default.
    private Decision decide(Layout layout) {
        Optional<UpConfig> last = UpConfig.read(layout);
        String external = external(last);
        Optional<JoinedCluster.Facts> joined =
                external.isEmpty()
                        ? Optional.empty()
                        : Optional.of(JoinedCluster.ask(Path.of(external), hostName()));
        Optional<Vpc> others =
                last.isEmpty() ? joined.flatMap(JoinedCluster.Facts::vpc) : Optional.empty();
        String chosenVpc =
                vpcCidr != null
                        ? vpcCidr
                        : last.map(UpConfig::vpcCidr)
                                .or(() -> others.map(it -> it.getSpec().cidrs().getFirst()))
                                .orElseGet(this::freeRange);
        String chosenServices =
                serviceCidr != null
                        ? serviceCidr
                        : last.map(UpConfig::serviceCidr)
                                .or(() -> joined.flatMap(JoinedCluster.Facts::serviceCidr))
                                .orElse(Defaults.SERVICE_CIDR);
        check("--vpc-cidr", chosenVpc, 16, 24);
        check("--service-cidr", chosenServices, 12, 24);
        if (Cidr.around(chosenVpc).overlaps(Cidr.around(chosenServices))) {
            throw usage(
                    "the VPC %s and the Services %s overlap".formatted(chosenVpc, chosenServices));
        }
        last.ifPresent(before -> {
            boolean same =
                    before.vpcCidr().equals(chosenVpc)
                            && before.serviceCidr().equals(chosenServices)
                            && (region == null || region.equals(before.region()));
            if (!same) {
                throw new CliException(
                        "this machine is up with VPC %s, Services %s, region %s; they can't change while objects exist"
                                .formatted(before.vpcCidr(), before.serviceCidr(), before.region()),
                        "monopod down, then up with the new values");
            }
        });
        int cpu = overcommit("--cpu-overcommit", cpuOvercommit, last.map(UpConfig::cpuOvercommit));
        int storage =
                overcommit(
                        "--storage-overcommit",
                        storageOvercommit,
                        last.map(UpConfig::storageOvercommit));
        others.ifPresent(it -> checkVpc(it, chosenVpc));
        UpConfig config =
                new UpConfig(
                        others.map(it -> it.getMetadata().getName()).orElse(vpc),
                        Cidr.around(chosenVpc).toString(),
                        Cidr.around(chosenServices).toString(),
                        region != null
                                ? region
                                : last.map(UpConfig::region)
                                        .or(() -> others.map(it -> it.getSpec().region()))
                                        .orElse(Defaults.REGION),
                        last.map(UpConfig::hostName).orElseGet(UpCommand::hostName),
                        cpu,
                        storage,
                        external,
                        joined.map(JoinedCluster.Facts::dnsAddress).orElse(""),
                        new UpConfig.Place(
                                underlay(last),
                                last.map(it -> it.place().givenAddress()).orElse("")));
        return new Decision(config, others);
    }

    private void checkVpc(Vpc others, String chosen) {
        String range = others.getSpec().cidrs().getFirst();
        if (!chosen.equals(range)) {
            throw usage(
                    "--vpc-cidr %s: the VPC %s of the cluster's hosts has %s"
                            .formatted(chosen, others.getMetadata().getName(), range));
        }
    }

    private static UpConfig place(Decision decided) {
        UpConfig config = decided.config();
        Vpc others = decided.others().orElseThrow();
        try (KubernetesClient client = Cluster.connect(Path.of(config.kubeconfig()))) {
            return config.at(JoinedCluster.claim(client, config.hostName(), others));
        }
    }

    private String external(Optional<UpConfig> last) {
        if (kubeconfig == null) {
            return last.map(UpConfig::kubeconfig).orElse("");
        }
        if (!Files.isReadable(kubeconfig)) {
            throw usage("--kubeconfig %s: can't be read".formatted(kubeconfig));
        }
        String chosen = kubeconfig.toAbsolutePath().normalize().toString();
        if (last.isPresent() && !last.get().kubeconfig().equals(chosen)) {
            throw new CliException(
                    last.get().kubeconfig().isEmpty()
                            ? "this machine is up with a control plane of its own"
                            : "this machine is up with the cluster of " + last.get().kubeconfig(),
                    "monopod down, then up with the new cluster");
        }
        return chosen;
    }

    private int overcommit(String option, @Nullable Integer asked, Optional<Integer> last) {
        // 0: written by a version that did not know the option.
        int chosen = asked != null ? asked : last.filter(it -> it != 0).orElse(Defaults.OVERCOMMIT);
        if (chosen < 1 || chosen > 100) {
            throw usage("%s %d: 1 to 100".formatted(option, chosen));
        }
        return chosen;
    }

    private void check(String option, String range, int shortest, int longest) {
        try {
            Cidr parsed = Cidr.around(range);
            if (parsed.prefix() < shortest || parsed.prefix() > longest) {
                throw usage("%s %s: /%d to /%d".formatted(option, range, shortest, longest));
            }
        } catch (IllegalArgumentException malformed) {
            throw usage(option + ": " + malformed.getMessage());
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private String freeRange() {
        List<Cidr> taken = HostRoutes.ranges();
        return IntStream.concat(IntStream.of(-1), IntStream.range(42, 100))
                .mapToObj(n -> n < 0 ? Defaults.VPC_CIDR : "10." + n + ".0.0/16")
                .filter(range -> taken.stream().noneMatch(Cidr.parse(range)::overlaps))
                .findFirst()
                .orElseThrow(() -> usage("every range is routed already; name one by --vpc-cidr"));
    }

    private String underlay(Optional<UpConfig> last) {
        if (underlay != null && !Underlays.exists(underlay)) {
            throw usage("--underlay-address %s: no link has it".formatted(underlay));
        }
        return underlay != null
                ? underlay
                : last.map(it -> it.place().underlayAddress())
                        .filter(it -> !it.isEmpty())
                        .orElseGet(Underlays::usual);
    }

    static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
        } catch (UnknownHostException unresolvable) {
            return Programs.output(java.time.Duration.ofSeconds(5), "hostname")
                    .strip()
                    .toLowerCase(Locale.ROOT);
        }
    }
}
