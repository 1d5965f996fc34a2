package dev.monopod.cli.status;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.cluster.Leader;
import dev.monopod.cli.host.Hosts;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.Standing;
import dev.monopod.cli.installation.SupervisorClient;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Table;
import dev.monopod.cli.terminal.Text;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Prints what runs: processes, hosts, machines and their pods. Exit code 1 if a process is not
/// ready or nothing runs.
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = "Show processes, hosts, machines and pods.")
public final class StatusCommand implements Callable<Integer> {
    private final Clock clock = Clock.systemUTC();
    @Mixin private CommonOptions options = new CommonOptions();

    @Override
    public Integer call() {
        var layout = options.layout();
        var supervisor = new SupervisorClient(layout.supervisorSocket()).status();
        Map<String, Object> answer = new LinkedHashMap<>();
        var text = new StringBuilder();
        supervisor.ifPresentOrElse(
                status -> {
                    answer.put("processes", status.processes());
                    text.append(processes(status));
                },
                () -> text.append("Monopod does not run on this machine.\n"));
        var refused = new Credentials(layout).refused();
        answer.put("refusedCredentials", refused);
        refused.forEach(words -> text.append('\n').append(words).append('\n'));
        var led = led(layout, answer, text);
        var clusterAnswers = cluster(layout, answer, text);
        if (options.json()) {
            answer.put("up", supervisor.isPresent());
            CommonOptions.printJson(answer);
        } else {
            System.out.print(text);
        }
        boolean ready = supervisor.map(SupervisorClient.Status::allReady).orElse(false);
        return ready && led && clusterAnswers && refused.isEmpty() ? 0 : 1;
    }

    /// In a cluster that was there before Monopod the controller may run on another host, or on
    /// none. One that does not answer is told of elsewhere.
    private boolean led(Layout layout, Map<String, Object> answer, StringBuilder text) {
        if (Installation.read(layout)
                .filter(it -> it.standing() instanceof Standing.Guest)
                .isEmpty()) {
            return true;
        }
        try (var client = Cluster.connect(layout)) {
            var leader = new Leader(client, clock).host();
            answer.put("controllerOf", leader.orElse(""));
            text.append('\n')
                    .append(
                            leader.map("The controller of %s leads."::formatted)
                                    .orElse(Leader.NOBODY))
                    .append('\n');
            return leader.isPresent();
        } catch (CliException | KubernetesClientException noAnswer) {
            return true;
        }
    }

    private Table processes(SupervisorClient.Status status) {
        var table = new Table("PROCESS", "STATE", "PID", "RESTARTS", "AGE", "NOTE");
        for (var process : status.processes()) {
            table.row(
                    process.name(),
                    process.ready() ? "ready" : process.state(),
                    Long.toString(process.pid()),
                    Integer.toString(process.restarts()),
                    Text.age(process.since(), clock),
                    note(process));
        }
        return table;
    }

    /// What is wrong with it; of one that is ready, how the one before it ended.
    private static String note(SupervisorClient.ProcessStatus process) {
        var before = process.lastExit();
        if (process.ready()) {
            return before == null || before.isEmpty() ? "" : "the one before: " + before;
        }
        var message = Text.of(process.message());
        return message.equals("-") ? Text.of(before) : message;
    }

    private boolean cluster(Layout layout, Map<String, Object> answer, StringBuilder text) {
        try (var client = Cluster.connect(layout)) {
            var hosts = client.resources(Host.class).list().getItems();
            var machines = client.resources(Machine.class).list().getItems();
            var pods =
                    client.pods().inAnyNamespace().withLabel(Names.PROFILE_LABEL).list().getItems();
            answer.put("hosts", hosts);
            answer.put("machines", machines);
            answer.put("pods", pods);
            text.append('\n').append(Hosts.table(hosts, machines, clock));
            text.append('\n').append(machines(machines));
            text.append('\n').append(pods(pods));
            return true;
        } catch (CliException | KubernetesClientException noCluster) {
            var reason = reason(noCluster);
            answer.put("error", reason);
            text.append(reason).append('\n');
            return false;
        }
    }

    private static String reason(RuntimeException noCluster) {
        if (!(noCluster instanceof KubernetesClientException refused)) {
            return "The API server does not answer: " + noCluster.getMessage();
        }
        return ApiCode.NOT_FOUND.in(refused)
                ? "The cluster does not know Monopod's kinds yet, which the controller brings."
                : "The API server does not answer: " + Cluster.reason(refused);
    }

    private static Table machines(List<Machine> machines) {
        var table =
                new Table("MACHINE OF POD", "PHASE", "HOST", "ADDRESS", "SIZE", "START", "NOTE");
        for (var machine : machines) {
            var spec = machine.getSpec();
            var status = machine.getStatus();
            table.row(
                    spec.pod().namespace() + "/" + spec.pod().name(),
                    status == null ? "Pending" : Text.of(status.phase()),
                    spec.host(),
                    spec.network().address(),
                    "%s vCPU %d MiB"
                            .formatted(
                                    spec.size().milliCpu() / 1000.0, spec.size().memoryMebiBytes()),
                    status == null || status.startMillis() == null
                            ? "-"
                            : status.startMillis() + " ms",
                    status == null ? "-" : Text.of(status.message()));
        }
        return table;
    }

    private Table pods(List<Pod> pods) {
        var table = new Table("POD", "PHASE", "PROFILE", "CAPACITY", "AGE");
        for (var pod : pods) {
            var annotations = pod.getMetadata().getAnnotations();
            table.row(
                    pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName(),
                    Text.of(pod.getStatus().getPhase()),
                    Text.of(pod.getMetadata().getLabels().get(Names.PROFILE_LABEL)),
                    annotations == null
                            ? "-"
                            : annotations.getOrDefault(Names.CAPACITY_ANNOTATION, "-"),
                    Text.age(pod.getMetadata().getCreationTimestamp(), clock));
        }
        return table;
    }
}
