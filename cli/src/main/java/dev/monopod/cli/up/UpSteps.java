package dev.monopod.cli.up;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.cluster.JoinedCluster;
import dev.monopod.cli.cluster.Leader;
import dev.monopod.cli.image.Images;
import dev.monopod.cli.installation.Commands;
import dev.monopod.cli.installation.Hashes;
import dev.monopod.cli.installation.HostSnapshot;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Kubeconfigs;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.Programs;
import dev.monopod.cli.installation.Standing;
import dev.monopod.cli.installation.SupervisorClient;
import dev.monopod.cli.installation.SupervisorConfig;
import dev.monopod.cli.installation.SystemdUnit;
import dev.monopod.cli.status.Overview;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Steps;
import dev.monopod.cli.terminal.Waiting;
import dev.monopod.cli.up.UpDecision.Inputs;
import dev.monopod.host.network.HostNetwork.VpcNetwork;
import dev.monopod.host.network.LinuxHostNetwork;
import dev.monopod.host.network.NetworkException;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The steps of `up` that concern this machine; each leaves alone what is right already. What
/// concerns the cluster is in [FirstPod].
public final class UpSteps {
    /// As long as the supervisor lets a process begin before it ends it as one that hangs.
    private static final Duration START_LIMIT = Duration.ofMinutes(5);

    private static final Duration GRANT_LIMIT = Duration.ofSeconds(60);

    /// A controller that begins anew leads again within this time.
    private static final Duration LEAD_LIMIT = Duration.ofSeconds(30);

    private static final int RESTART_LIMIT = 8;

    private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

    private final Layout layout;
    private final Installation installation;
    private final Steps steps;
    private final SupervisorClient supervisor;
    private String firstImage = "";
    private Agent agent = Agent.READY;

    /// What became of the agent of this host.
    public enum Agent {
        READY,

        /// It runs, and begins once a controller has brought Monopod's kinds and the VPC.
        WAITS_FOR_A_CONTROLLER
    }

    public UpSteps(Layout layout, Installation installation, Steps steps) {
        this.layout = layout;
        this.installation = installation;
        this.steps = steps;
        this.supervisor = new SupervisorClient(layout.supervisorSocket());
    }

    public void network() {
        layout.prepare();
        if (!Files.exists(layout.snapshot())) {
            HostSnapshot.take(layout).write(layout.snapshot());
        }
        var network = installation.network();
        try {
            new LinuxHostNetwork(layout.run())
                    .ensureVpc(
                            new VpcNetwork(
                                    network.vpc(),
                                    List.of(network.range().toString()),
                                    installation.hostAddress(),
                                    network.services().toString()));
        } catch (NetworkException failure) {
            throw new CliException(
                    "the router of the VPC %s is not made: %s"
                            .formatted(network.vpc(), failure.getMessage()));
        }
    }

    /// Starts the supervisor, or leaves the running one alone if it runs what it should; then waits
    /// for each process in turn, but not for an agent that no controller lets begin.
    public Agent processes() {
        var programs = Programs.of(layout);
        steps.step("programs", programs::install);
        var wanted =
                new Inputs(
                        new SupervisorConfig(installation, layout, programs, System.getenv())
                                .text(),
                        new Inputs.Build(
                                programs.folder().getFileName().toString(),
                                installation.standing() instanceof Standing.Member
                                        ? Optional.of(Hashes.sha256(kubeconfigFile()))
                                        : Optional.empty()));
        var running =
                supervisor
                        .status()
                        .map(_ ->
                                new Inputs(
                                        read(layout.supervisorConfig()),
                                        Inputs.Build.parse(read(layout.build()))));
        var administrator =
                installation.standing().administrator().isPresent()
                        ? UpDecision.Administrator.THERE
                        : UpDecision.Administrator.GONE;
        UpDecision.of(running, wanted, installation.standing(), administrator)
                .forEach(step -> perform(step, wanted, programs));
        return agent;
    }

    /// Starts the supervisor as the last `up` or `join` recorded it, and waits for each process.
    public void startAgain() {
        steps.step("supervisor", this::startSupervisor);
        awaitProcesses();
    }

    private void perform(UpDecision step, Inputs wanted, Programs programs) {
        switch (step) {
            case STOP_OLD_CONFIGURATION ->
                    steps.step("stop the processes of the old configuration", this::stopSupervisor);
            case STOP_OLD_BUILD ->
                    steps.step("stop the processes of the old build", this::stopSupervisor);
            case STOP_OLD_CREDENTIALS ->
                    steps.step("stop the processes of the old credentials", this::stopSupervisor);
            case ISSUE_CERTIFICATES -> issueCertificates();
            case GRANT_RIGHTS ->
                    steps.step("rights in the cluster, and credentials", this::grantRights);
            case LEARN_CLIENT_AUTHORITY ->
                    write(
                            layout.pki(Layout.CLIENT_AUTHORITY),
                            JoinedCluster.clientAuthority(kubeconfigFile()));
            case RECORD -> {
                write(layout.supervisorConfig(), wanted.configuration());
                write(layout.build(), wanted.build().text());
                write(layout.environment(), SystemdUnit.environmentFile(System.getenv()));
                programs.choose();
                installation.write(layout);
            }
            case START_SUPERVISOR -> {
                SystemdUnit.of(layout).ifPresent(SystemdUnit::enable);
                steps.step("supervisor", this::startSupervisor);
            }
            case AWAIT_PROCESSES -> awaitProcesses();
        }
    }

    private void awaitProcesses() {
        if (!led()) {
            agent = Agent.WAITS_FOR_A_CONTROLLER;
        }
        for (var name : processNames()) {
            if (!name.equals("agent") || agent == Agent.READY) {
                steps.step(name, () -> awaitReady(name));
            }
        }
    }

    /// Whether a controller leads in the cluster, or is about to since it runs here.
    private boolean led() {
        var standing = installation.standing();
        if (!(standing instanceof Standing.Guest) || standing.runsController()) {
            return true;
        }
        try (var client = Cluster.connect(kubeconfigFile())) {
            var leader = new Leader(client, Clock.systemUTC());
            return Waiting.until(LEAD_LIMIT, () -> leads(leader));
        }
    }

    private static boolean leads(Leader leader) {
        try {
            return leader.host().isPresent();
        } catch (KubernetesClientException notYet) {
            return false;
        }
    }

    private void issueCertificates() {
        Commands.output(
                Duration.ofSeconds(30),
                layout.controlPlane().toString(),
                "certificates",
                "--data-dir",
                layout.data().toString(),
                "--host-address",
                installation.hostAddress());
    }

    private void grantRights() {
        Commands.trouble(
                        GRANT_LIMIT,
                        layout.controlPlane().toString(),
                        "grant",
                        "--kubeconfig",
                        installation.standing().administrator().orElseThrow().toString(),
                        "--data-dir",
                        layout.data().toString(),
                        "--host-name",
                        installation.hostName(),
                        "--controller=" + installation.standing().runsController())
                .ifPresent(words -> {
                    throw new CliException(words.replaceFirst("^Error: ", ""));
                });
    }

    private List<String> processNames() {
        return supervisor.status().orElseThrow(this::gone).processes().stream()
                .map(SupervisorClient.ProcessStatus::name)
                .toList();
    }

    private void stopSupervisor() {
        supervisor.stop();
        if (!Waiting.until(STOP_LIMIT, () -> supervisor.status().isEmpty())) {
            throw new CliException("the supervisor does not stop");
        }
    }

    private void startSupervisor() {
        SystemdUnit.of(layout)
                .ifPresentOrElse(
                        SystemdUnit::start,
                        () ->
                                Commands.start(
                                        layout.log("supervisor"),
                                        layout.supervisor().toString(),
                                        "supervise",
                                        "--config",
                                        layout.supervisorConfig().toString()));
        if (!Waiting.until(Duration.ofSeconds(30), () -> supervisor.status().isPresent())) {
            throw gone();
        }
    }

    private CliException gone() {
        return new CliException(
                "the supervisor does not answer:\n" + tail(layout.log("supervisor")),
                "look into " + layout.log("supervisor"));
    }

    private void awaitReady(String name) {
        int restartsBefore = status(name).map(SupervisorClient.ProcessStatus::restarts).orElse(0);
        Waiting.until(
                START_LIMIT,
                () ->
                        status(name)
                                .map(it -> ready(it) || hopeless(it, restartsBefore))
                                .orElse(false));
        if (status(name).map(UpSteps::ready).orElse(false)) {
            return;
        }
        throw notReady(name);
    }

    private CliException notReady(String name) {
        var state =
                status(name)
                        .map(process ->
                                Stream.of(process.state(), process.message(), process.lastExit())
                                        .filter(Objects::nonNull)
                                        .filter(part -> !part.isBlank())
                                        .collect(Collectors.joining(", ")))
                        .orElse("unknown");
        return new CliException(
                "%s is not ready (%s); the end of its log:\n%s"
                        .formatted(name, state, tail(layout.log(name))),
                "look into " + layout.log(name));
    }

    private static boolean ready(SupervisorClient.ProcessStatus process) {
        return process.ready();
    }

    private static boolean hopeless(SupervisorClient.ProcessStatus process, int restartsBefore) {
        return process.restarts() - restartsBefore >= RESTART_LIMIT;
    }

    private Optional<SupervisorClient.ProcessStatus> status(String name) {
        return supervisor.status().stream()
                .flatMap(status -> status.processes().stream())
                .filter(process -> process.name().equals(name))
                .findFirst();
    }

    Path kubeconfigFile() {
        return installation.standing().kubeconfig(layout);
    }

    String kubeconfig() {
        return installation.standing().runsControlPlane()
                ? Kubeconfigs.ofUser().publish(layout.adminKubeconfig())
                : "";
    }

    /// Loads the example image; false if none is built.
    boolean images() {
        var tar = layout.dist().resolve("images/busybox.tar");
        if (!Files.exists(tar)) {
            return false;
        }
        steps.step("image of the first pod", () -> loadFirstImage(tar));
        return true;
    }

    private void loadFirstImage(Path tar) {
        var loaded = layout.data().resolve("loaded-busybox");
        var digest = Hashes.sha256(tar);
        var last = read(loaded).split(" ", -1);
        if (last.length == 2
                && last[0].equals(digest)
                && Files.isDirectory(layout.data().resolve("images"))) {
            firstImage = last[1];
            return;
        }
        firstImage = Images.load(layout, tar).getFirst();
        write(loaded, digest + " " + firstImage);
    }

    /// Returns when the cluster has heard of this host.
    public void host() {
        try (var client = Cluster.connect(kubeconfigFile())) {
            var cluster = new FirstPod(client, installation.hostName(), Clock.systemUTC());
            steps.step("host " + installation.hostName(), () -> awaitHost(cluster));
        }
    }

    void profile() {
        try (var client = Cluster.connect(kubeconfigFile())) {
            var cluster = new FirstPod(client, installation.hostName(), Clock.systemUTC());
            steps.step("profile default", () -> cluster.ensureProfile());
        }
    }

    private void awaitHost(FirstPod cluster) {
        // Ready once does not mean for long: it may die again and again.
        if (!cluster.awaitHost(() -> status("agent").map(it -> hopeless(it, 0)).orElse(false))) {
            throw notReady("agent");
        }
    }

    /// Name of the pod that runs.
    String firstPod() {
        try (var client = Cluster.connect(kubeconfigFile())) {
            var cluster = new FirstPod(client, installation.hostName(), Clock.systemUTC());
            steps.step("first pod: hello", () -> cluster.ensurePod(firstImage));
            return FirstPod.NAME;
        }
    }

    String overview() {
        try (var client = Cluster.connect(kubeconfigFile())) {
            return Overview.nodesAndPods(client, Clock.systemUTC());
        }
    }

    private static String tail(Path log) {
        var lines = read(log).lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void write(Path file, String content) {
        try {
            Files.writeString(file, content);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
