package dev.monopod.cli.down;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.cluster.JoinedCluster;
import dev.monopod.cli.cluster.Leader;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.HostSnapshot;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Kubeconfigs;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.Standing;
import dev.monopod.cli.installation.SystemdUnit;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Steps;
import dev.monopod.kube.api.Host;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Removes all that `up` made and proves it by comparing the kernel's state with the one before.
/// Exit code 1 if something of Monopod's remains.
@Command(
        name = "down",
        mixinStandardHelpOptions = true,
        description = "Stop and remove everything, and show that nothing is left.")
public final class DownCommand implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Option(names = "--keep-data", description = "Keep all objects and images, for the next `up`.")
    private boolean keepData;

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = {
                "An administrator's, of the cluster that was joined by `up --kubeconfig`, to remove there what Monopod is",
                "(default: the file that `up` was told, if it is there still)."
            })
    private @Nullable Path kubeconfig;

    @Option(
            names = "--purge",
            hidden = true,
            description = "Delete the data folder; the default, unless --keep-data.")
    private boolean purge;

    @Override
    public Integer call() {
        if (keepData && purge) {
            throw new CliException("--keep-data and --purge exclude each other");
        }
        if (!"root".equals(System.getProperty("user.name"))) {
            throw new CliException("down removes machines and networks", "run it as root");
        }
        if (kubeconfig != null && !Files.isReadable(kubeconfig)) {
            throw new CliException("--kubeconfig %s: cannot be read".formatted(kubeconfig));
        }
        var layout = options.layout();
        @Nullable HostSnapshot before =
                Files.exists(layout.snapshot()) ? HostSnapshot.read(layout.snapshot()) : null;
        var steps = new Steps(options.json() ? System.err : System.out);
        var down = new DownSteps(layout, new LinuxKernel());
        noteMembers(layout, steps);
        disable(layout, steps);
        steps.step("control plane, controller and agent", down::supervisor);
        steps.step("machines", down::machines);
        noteController(layout, steps);
        if (!keepData) {
            leaveCluster(layout, steps);
        }
        steps.step("network", down::network);
        steps.step("mounts and control groups", down::mountsAndControlGroups);
        steps.step(keepData ? "sockets" : "sockets and data", () -> down.files(keepData));
        if (!keepData) {
            Kubeconfigs.ofUser().withdraw();
        }
        var after = HostSnapshot.take(layout);
        return report(steps, new Comparison(before, after, layout));
    }

    /// First: systemd would start again what is killed.
    private static void disable(Layout layout, Steps steps) {
        try {
            SystemdUnit.of(layout).ifPresent(it -> steps.step("unit of systemd", it::disable));
        } catch (CliException failure) {
            steps.note(String.valueOf(failure.getMessage()));
        }
    }

    /// Their machines run on, and nobody tells them what to do any more.
    private static void noteMembers(Layout layout, Steps steps) {
        var config = Installation.read(layout).filter(it -> it.standing().runsControlPlane());
        if (config.isEmpty()) {
            return;
        }
        try (var client = Cluster.connect(layout)) {
            client.resources(Host.class).list().getItems().stream()
                    .map(host -> host.getMetadata().getName())
                    .filter(name -> !name.equals(config.get().hostName()))
                    .forEach(name ->
                            steps.note(
                                    "host %s loses its cluster; there too: monopod down"
                                            .formatted(name)));
        } catch (CliException | KubernetesClientException unreachable) {
            // Nothing can be said of a cluster that does not run.
            return;
        }
    }

    /// Their pods run on, and nobody places new ones.
    private void noteController(Layout layout, Steps steps) {
        var installation = Installation.read(layout);
        if (installation.isEmpty()
                || !(installation.get().standing() instanceof Standing.Guest guest)
                || !guest.runsController()) {
            return;
        }
        var file = administrator(guest).orElse(layout.guestKubeconfig("agent"));
        try (var client = Cluster.connect(file)) {
            var alone =
                    new Leader(client, Clock.systemUTC()).leftAlone(installation.get().hostName());
            if (!alone.isEmpty()) {
                steps.note(
                        "the controller ran on this host alone: nothing places pods on %s any more"
                                .formatted(String.join(", ", alone)));
                steps.note(
                        "to let one of them run it, there: monopod up --controller --kubeconfig FILE, with an administrator's");
            }
        } catch (UncheckedIOException | KubernetesClientException unreachable) {
            // What else becomes of such a cluster is said where this host leaves it.
            return;
        }
    }

    private Optional<Path> administrator(Standing.Guest guest) {
        return Optional.ofNullable(kubeconfig).or(guest::administrator);
    }

    /// A cluster that does not answer holds nothing up: the machine is cleared all the same.
    private void leaveCluster(Layout layout, Steps steps) {
        Installation.read(layout)
                .ifPresent(it ->
                        it.standing()
                                .externalKubeconfig(layout)
                                .ifPresent(own -> leave(it, own, steps)));
    }

    private void leave(Installation installation, Path own, Steps steps) {
        var standing = installation.standing();
        var administrator =
                standing instanceof Standing.Guest guest
                        ? administrator(guest)
                        : Optional.<Path>empty();
        leave(
                installation,
                administrator.orElse(own),
                administrator.isPresent() ? JoinedCluster.By.ADMINISTRATOR : JoinedCluster.By.HOST,
                steps);
        if (standing instanceof Standing.Guest guest && administrator.isEmpty()) {
            steps.note(
                    "what an administrator put into the cluster stays there: %s is not there, and no other was named by --kubeconfig"
                            .formatted(guest.kubeconfig()));
            steps.note(
                    "to remove it: kubectl delete clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,crds -l app.kubernetes.io/part-of=monopod; kubectl delete namespace monopod-system");
        }
    }

    private static void leave(
            Installation installation, Path kubeconfig, JoinedCluster.By by, Steps steps) {
        try {
            steps.step(
                    "objects in the cluster",
                    () -> JoinedCluster.leave(kubeconfig, installation, by));
        } catch (RuntimeException failure) {
            steps.note(
                    "Monopod's objects stay in the cluster of %s: %s"
                            .formatted(kubeconfig, failure.getMessage()));
        }
    }

    private int report(Steps steps, Comparison comparison) {
        var left = comparison.left();
        if (options.json()) {
            CommonOptions.printJson(
                    Map.of(
                            "steps", steps.done(),
                            "before", comparison.counts(true),
                            "after", comparison.counts(false),
                            "left", left,
                            "othersSince", comparison.others()));
        } else {
            System.out.print("\n" + comparison.table());
            left.forEach((kind, lines) ->
                    lines.forEach(line -> System.out.printf("left: %s: %s%n", kind, line)));
            comparison
                    .others()
                    .forEach((kind, lines) ->
                            lines.forEach(line ->
                                    System.out.printf(
                                            "new since up, but not Monopod's by name: %s: %s%n",
                                            kind, line)));
            System.out.println(
                    left.isEmpty() ? "Nothing of Monopod is left." : "Something is left.");
        }
        return left.isEmpty() ? 0 : 1;
    }
}
