package dev.monopod.cli.up;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.cluster.JoinedCluster;
import dev.monopod.cli.cluster.Leader;
import dev.monopod.cli.doctor.Preflight;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.HostNames;
import dev.monopod.cli.installation.HostRoutes;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.Standing;
import dev.monopod.cli.installation.Underlays;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Steps;
import dev.monopod.model.names.Defaults;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
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
public final class UpCommand implements Callable<Integer> {
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

    @Option(
            names = UpPlan.CONTROLLER,
            arity = "0",
            description =
                    "Run the controller here, in a cluster that was there before (default: on the first host that joins it).")
    private boolean controller;

    @Option(
            names = UpPlan.NO_CONTROLLER,
            arity = "0",
            description =
                    "Run no controller here; what this host had for one before is taken from it.")
    private boolean noController;

    @Option(names = "--no-first-pod", description = "Stop after the profile: start no pod.")
    private boolean noFirstPod;

    @Option(names = "--vpc", hidden = true, defaultValue = "default")
    private String vpc = "default";

    @Override
    public Integer call() throws Exception {
        var layout = options.layout();
        // With -o json the steps go to standard error: standard output is the answer alone.
        var out = options.json() ? System.err : System.out;
        var steps = new Steps(out);
        var plan = plan(layout);
        steps.step(
                "preflight",
                () ->
                        Preflight.require(
                                layout,
                                plan.installation().standing().runsControlPlane()
                                        ? Preflight.Role.CONTROL_PLANE
                                        : Preflight.Role.HOST_ONLY,
                                steps));
        var installation =
                plan.others().isPresent()
                        ? steps.step("place in the cluster", () -> place(layout, plan))
                        : plan.installation();
        var up = new UpSteps(layout, installation, steps);
        steps.step("network of the VPC " + installation.network().range(), () -> up.network());
        Preflight.accelerator(layout, steps);
        if (up.processes() == UpSteps.Agent.WAITS_FOR_A_CONTROLLER) {
            steps.note(Leader.NOBODY);
            steps.note(
                    "the agent of this host waits for it; once it runs, here again: monopod up --kubeconfig FILE");
            return 0;
        }
        up.host();
        if (!installation.standing().administers()) {
            steps.note(
                    "this machine is a host of the cluster of "
                            + installation.standing().kubeconfig(layout));
            return 0;
        }
        if (!installation.standing().runsController()) {
            steps.note(
                    "the controller runs on another host; to let this one run it: monopod up --controller --kubeconfig FILE");
        }
        installation
                .standing()
                .administrator()
                .ifPresent(it ->
                        steps.note(
                                "nothing on this host reads %s any more: you may take it away; `monopod down --kubeconfig FILE` needs it again"
                                        .formatted(it)));
        var kubeconfigHint = steps.step("kubeconfig", up::kubeconfig);
        var imageLoaded = up.images();
        up.profile();
        var pod = "";
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

    private UpPlan.Go plan(Layout layout) {
        var asked = asked();
        var last = Installation.read(layout);
        var hostName = HostNames.own();
        var plan =
                UpPlan.of(
                        asked,
                        new UpPlan.Found(
                                last,
                                UpPlan.cluster(asked, last.map(Installation::standing))
                                        .map(it -> cluster(it, layout))
                                        .map(it -> JoinedCluster.ask(it, hostName)),
                                HostRoutes.ranges(),
                                hostName,
                                Underlays.usual(),
                                administrator(asked, last)));
        return switch (plan) {
            case UpPlan.Go go -> go;
            case UpPlan.WrongUsage wrong -> throw usage(wrong.message());
            case UpPlan.Refused refused -> throw new CliException(refused.message(), refused.fix());
        };
    }

    private static UpDecision.Administrator administrator(
            UpPlan.Asked asked, Optional<Installation> last) {
        return asked.kubeconfig()
                        .or(() -> last.flatMap(it -> it.standing().administrator()))
                        .isPresent()
                ? UpDecision.Administrator.THERE
                : UpDecision.Administrator.GONE;
    }

    /// An administrator's file may be gone once this host has credentials of its own.
    private static Path cluster(Path administrator, Layout layout) {
        if (Files.isReadable(administrator)) {
            return administrator;
        }
        var own = layout.guestKubeconfig("agent");
        if (Files.isReadable(own)) {
            return own;
        }
        throw new CliException(
                "this host has no credentials in its cluster, and %s is not there"
                        .formatted(administrator),
                "monopod up --kubeconfig FILE, with an administrator's");
    }

    private UpPlan.Asked asked() {
        if (kubeconfig != null && !Files.isReadable(kubeconfig)) {
            throw usage("--kubeconfig %s: cannot be read".formatted(kubeconfig));
        }
        if (underlay != null && !Underlays.exists(underlay)) {
            throw usage("--underlay-address %s: no link has it".formatted(underlay));
        }
        if (controller && noController) {
            throw usage("--controller and --no-controller exclude each other");
        }
        return new UpPlan.Asked(
                vpc,
                Optional.ofNullable(vpcCidr),
                Optional.ofNullable(serviceCidr),
                Optional.ofNullable(region),
                Optional.ofNullable(kubeconfig).map(it -> it.toAbsolutePath().normalize()),
                Optional.ofNullable(cpuOvercommit),
                Optional.ofNullable(storageOvercommit),
                Optional.ofNullable(underlay),
                role());
    }

    private Optional<Standing.Role> role() {
        if (controller) {
            return Optional.of(Standing.Role.CONTROLLER_AND_AGENT);
        }
        return noController ? Optional.of(Standing.Role.AGENT_ONLY) : Optional.empty();
    }

    private static Installation place(Layout layout, UpPlan.Go plan) {
        var installation = plan.installation();
        try (var client = Cluster.connect(installation.standing().kubeconfig(layout))) {
            return installation.at(
                    JoinedCluster.claim(
                            client, installation.hostName(), plan.others().orElseThrow()));
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
