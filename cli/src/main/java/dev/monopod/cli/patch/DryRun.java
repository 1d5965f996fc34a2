package dev.monopod.cli.patch;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.Table;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineVersions;
import dev.monopod.kube.api.PatchRunSpec.Pods;
import dev.monopod.kube.eviction.Budgets;
import dev.monopod.kube.eviction.Owners;
import dev.monopod.kube.patching.PatchTarget;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a round would do: which pods, from what to what, and what their budgets say to it.
final class DryRun {
    private DryRun() {}

    /// One pod.
    ///
    /// @param change of its machine, such as `guest 0a → 0b`
    /// @param budget how many pods it allows now
    /// @param maker who makes the pod again
    record Row(
            String zone, String namespace, String pod, String change, String budget, String maker) {
        static Row of(PatchTarget target, Budgets budgets) {
            var meta = target.pod().getMetadata();
            return new Row(
                    target.zone(),
                    meta.getNamespace(),
                    meta.getName(),
                    DryRun.change(target.runs(), target.wanted()),
                    budgets.words(target.pod()),
                    DryRun.maker(target.pod()));
        }
    }

    static void print(KubernetesClient client, Pods which, CommonOptions options, Instant now) {
        var budgets = Budgets.read(client);
        var rows =
                PatchTarget.of(
                                client.pods()
                                        .inAnyNamespace()
                                        .withField("spec.schedulerName", Names.SCHEDULER_NAME)
                                        .list()
                                        .getItems(),
                                client.resources(Machine.class).list().getItems(),
                                client.resources(Host.class).list().getItems(),
                                which,
                                now)
                        .stream()
                        .map(target -> Row.of(target, budgets))
                        .toList();
        if (options.json()) {
            CommonOptions.printJson(rows);
            return;
        }
        if (rows.isEmpty()) {
            System.out.println("all pods run on machines that are up to date");
            return;
        }
        var table = new Table("ZONE", "NAMESPACE", "POD", "MACHINE", "BUDGET", "MADE AGAIN BY");
        for (var row : rows) {
            table.row(
                    row.zone(),
                    row.namespace(),
                    row.pod(),
                    row.change(),
                    row.budget(),
                    row.maker());
        }
        System.out.print(table);
    }

    static String change(Optional<MachineVersions> runs, Optional<MachineVersions> wanted) {
        if (wanted.isEmpty()) {
            return "unknown: its host does not say";
        }
        var after = wanted.get();
        if (runs.isEmpty()) {
            return "unknown → guest %s, kernel %s, QEMU %s"
                    .formatted(after.guest(), after.kernel(), after.qemu());
        }
        var changes = new ArrayList<String>();
        change("guest", runs.get().guest(), after.guest(), changes);
        change("kernel", runs.get().kernel(), after.kernel(), changes);
        change("QEMU", runs.get().qemu(), after.qemu(), changes);
        return changes.isEmpty() ? "up to date" : String.join(", ", changes);
    }

    private static void change(String what, String before, String after, List<String> changes) {
        if (!before.equals(after)) {
            changes.add("%s %s → %s".formatted(what, before, after));
        }
    }

    static String maker(Pod pod) {
        return Owners.of(pod)
                .map(reference -> reference.getKind() + " " + reference.getName())
                .orElse("nobody: it ends");
    }
}
