package dev.monopod.cli.service;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.HostSnapshot;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.SupervisorClient;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Steps;
import dev.monopod.cli.terminal.Waiting;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Ends the processes of this host and leaves all that they made: objects, machines, networks. A
/// reboot starts what was stopped, if a service manager does so.
@Command(
        name = "stop",
        mixinStandardHelpOptions = true,
        description = "Stop control plane, controller and agent; machines and their pods run on.")
public final class StopCommand implements Callable<Integer> {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Mixin private CommonOptions options = new CommonOptions();

    @Override
    public Integer call() {
        var layout = options.layout();
        var steps = new Steps(options.json() ? System.err : System.out);
        var supervisor = new SupervisorClient(layout.supervisorSocket());
        if (supervisor.status().isPresent()) {
            steps.step("control plane, controller and agent", () -> stop(supervisor));
        } else {
            steps.note("Monopod does not run on this machine.");
        }
        var machines = machines(layout);
        if (options.json()) {
            CommonOptions.printJson(Map.of("machines", machines));
            return 0;
        }
        System.out.printf(
                "%n%s%nTo go on: monopod start. To end them too: monopod down%n",
                machines == 0
                        ? "No machine runs."
                        : machines
                                + " machines run on. Until the processes start again nothing probes or restarts their containers, and neither the API server nor the cluster's DNS answers them.");
        return 0;
    }

    private static void stop(SupervisorClient supervisor) {
        supervisor.stop();
        if (!Waiting.until(LIMIT, () -> supervisor.status().isEmpty())) {
            throw new CliException(
                    "the supervisor does not stop within %d s".formatted(LIMIT.toSeconds()),
                    "monopod status says which process it waits for");
        }
    }

    private static long machines(Layout layout) {
        return HostSnapshot.ourProcesses(layout).stream()
                .filter(it ->
                        it.info().command().map(name -> name.contains("/qemu-")).orElse(false))
                .count();
    }
}
