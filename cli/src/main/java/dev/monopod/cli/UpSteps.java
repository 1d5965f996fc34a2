package dev.monopod.cli;

import dev.monopod.host.network.HostNetwork.VpcNetwork;
import dev.monopod.host.network.LinuxHostNetwork;
import dev.monopod.host.network.NetworkException;
import dev.monopod.model.names.Defaults;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The steps of `up` that concern this machine; each leaves alone what is right already. What
/// concerns the cluster is in [FirstPod].
final class UpSteps {
    private static final Duration START_LIMIT = Duration.ofSeconds(120);
    private static final int RESTART_LIMIT = 8;

    private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

    private final Layout layout;
    private final UpConfig config;
    private final Steps steps;
    private final SupervisorClient supervisor;
    private String firstImage = "";

    UpSteps(Layout layout, UpConfig config, Steps steps) {
        this.layout = layout;
        this.config = config;
        this.steps = steps;
        this.supervisor = new SupervisorClient(layout.supervisorSocket());
    }

    /// @param joins the machine joins a cluster, so it runs no control plane
    static void preflight(Layout layout, Steps steps, boolean joins) {
        List<Probe> probes = new Probes(layout, joins).all();
        List<Probe> bad =
                probes.stream().filter(probe -> probe.level() != Probe.Level.PASS).toList();
        bad.forEach(probe -> probe.line().lines().forEach(steps::note));
        long failed = bad.stream().filter(probe -> probe.level() == Probe.Level.FAIL).count();
        if (failed > 0) {
            throw new CliException(
                    "this machine can't run Monopod: %d of %d probes fail"
                            .formatted(failed, probes.size()));
        }
    }

    void network() {
        prepareFolders(layout);
        if (!Files.exists(layout.snapshot())) {
            HostSnapshot.take(layout).write(layout.snapshot());
        }
        try {
            new LinuxHostNetwork(layout.run())
                    .ensureVpc(
                            new VpcNetwork(
                                    config.vpc(),
                                    List.of(config.vpcCidr()),
                                    config.hostAddress(),
                                    config.serviceCidr(),
                                    Defaults.KUBELET_PORT));
        } catch (NetworkException failure) {
            throw new CliException(
                    "the router of the VPC %s is not made: %s"
                            .formatted(config.vpc(), failure.getMessage()));
        }
    }

    static void prepareFolders(Layout layout) {
        try {
            Files.createDirectories(layout.run());
            if (!Files.exists(layout.data())) {
                Files.createDirectories(layout.data());
                // Machines run as another user and need to pass through, not to look around.
                Files.setPosixFilePermissions(
                        layout.data(), PosixFilePermissions.fromString("rwx--x--x"));
            }
            if (!layout.ownsData()) {
                try (Stream<Path> content = Files.list(layout.data())) {
                    if (content.findAny().isPresent()) {
                        throw new CliException(
                                layout.data() + " holds files that are not Monopod's",
                                "choose an empty folder with --data-dir");
                    }
                }
                Files.createFile(layout.marker());
            }
            Files.createDirectories(layout.data().resolve("logs"));
            Path registries = layout.data().resolve("registries.json");
            if (!Files.exists(registries)) {
                Files.writeString(registries, "[]\n");
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /// Starts the supervisor, or leaves the running one alone if it runs what it should; then waits
    /// for each process in turn.
    void processes() {
        String wanted = Json.write(config.supervisor(layout));
        String build = builtInputs();
        Optional<SupervisorClient.Status> running = supervisor.status();
        if (running.isPresent() && !read(layout.supervisorConfig()).equals(wanted)) {
            steps.step("stop the processes of the old configuration", () -> stopSupervisor());
            running = Optional.empty();
        } else if (running.isPresent() && !read(buildFile()).equals(build)) {
            steps.step(
                    "stop the processes of the old build or credentials", () -> stopSupervisor());
            running = Optional.empty();
        }
        if (!config.kubeconfig().isEmpty()) {
            if (!config.member()) {
                Programs.output(
                        Duration.ofSeconds(30),
                        layout.controlPlane().toString(),
                        "certificates",
                        "--data-dir",
                        layout.data().toString(),
                        "--host-address",
                        config.hostAddress());
            }
            write(
                    layout.pki(UpConfig.JOINED_CLIENT_AUTHORITY),
                    JoinedCluster.clientAuthority(kubeconfigFile()));
        }
        write(layout.supervisorConfig(), wanted);
        write(buildFile(), build);
        config.write(layout);
        if (running.isEmpty()) {
            steps.step("supervisor", () -> startSupervisor());
        }
        for (String name : processNames()) {
            steps.step(name, () -> awaitReady(name));
        }
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
        File log = layout.log("supervisor").toFile();
        try {
            new ProcessBuilder(
                            "setsid",
                            "--fork",
                            layout.controlPlane().toString(),
                            "supervise",
                            "--config",
                            layout.supervisorConfig().toString())
                    .directory(new File("/"))
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                    .redirectError(ProcessBuilder.Redirect.appendTo(log))
                    .start();
        } catch (IOException failure) {
            throw new CliException("the supervisor does not start: " + failure.getMessage());
        }
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
        String state =
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
        return config.externalKubeconfig().orElse(layout.adminKubeconfig());
    }

    String kubeconfig() {
        return config.kubeconfig().isEmpty()
                ? Kubeconfigs.ofUser().publish(layout.adminKubeconfig())
                : "";
    }

    /// Loads the example image; false if none is built.
    boolean images() {
        Path tar = layout.dist().resolve("images/busybox.tar");
        if (!Files.exists(tar)) {
            return false;
        }
        steps.step("image of the first pod", () -> loadFirstImage(tar));
        return true;
    }

    private void loadFirstImage(Path tar) {
        Path loaded = layout.data().resolve("loaded-busybox");
        String digest = ImageCommand.sha256(tar);
        String[] last = read(loaded).split(" ", -1);
        if (last.length == 2
                && last[0].equals(digest)
                && Files.isDirectory(layout.data().resolve("images"))) {
            firstImage = last[1];
            return;
        }
        firstImage = ImageCommand.load(layout, tar).getFirst();
        write(loaded, digest + " " + firstImage);
    }

    /// Returns when the cluster has heard of this host.
    void host() {
        try (KubernetesClient client = Cluster.connect(kubeconfigFile())) {
            FirstPod cluster = new FirstPod(client, config.hostName());
            steps.step("host " + config.hostName(), () -> awaitHost(cluster));
        }
    }

    void profile() {
        try (KubernetesClient client = Cluster.connect(kubeconfigFile())) {
            FirstPod cluster = new FirstPod(client, config.hostName());
            steps.step("profile default", () -> cluster.ensureProfile());
        }
    }

    private void awaitHost(FirstPod cluster) {
        // The agent has no probe of its own: running it is ready, even if it dies again and again.
        if (!cluster.awaitHost(() -> status("agent").map(it -> hopeless(it, 0)).orElse(false))) {
            throw notReady("agent");
        }
    }

    /// Name of the pod that runs.
    String firstPod() {
        try (KubernetesClient client = Cluster.connect(kubeconfigFile())) {
            FirstPod cluster = new FirstPod(client, config.hostName());
            steps.step("first pod: hello", () -> cluster.ensurePod(firstImage));
            return FirstPod.NAME;
        }
    }

    String overview() {
        try (KubernetesClient client = Cluster.connect(kubeconfigFile())) {
            return Overview.nodesAndPods(client);
        }
    }

    private Path buildFile() {
        return layout.data().resolve("build");
    }

    /// What the running processes were built from, and which credentials a member has.
    private String builtInputs() {
        return read(layout.dist().resolve("lib.inputs"))
                + read(layout.dist().resolve("monopod-control-plane.inputs"))
                + (config.member() ? ImageCommand.sha256(kubeconfigFile()) + "\n" : "");
    }

    private static String tail(Path log) {
        List<String> lines = read(log).lines().toList();
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
