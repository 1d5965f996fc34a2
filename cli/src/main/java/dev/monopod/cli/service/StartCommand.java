package dev.monopod.cli.service;

import dev.monopod.cli.doctor.Preflight;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.SupervisorClient;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Steps;
import dev.monopod.cli.up.UpSteps;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Starts what the last `up` or `join` recorded, with the programs that it recorded: after `stop`,
/// and after a reboot, which takes the router of the VPC and the run folder along. It decides
/// nothing anew.
@Command(
        name = "start",
        mixinStandardHelpOptions = true,
        description = "Start what `stop` stopped, or what ran before a reboot.")
public final class StartCommand implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    /// What the unit of systemd does before it starts the supervisor itself.
    @Option(
            names = "--network-only",
            hidden = true,
            description =
                    "Make the run folder and the router of the VPC, try KVM, and start no process.")
    private boolean networkOnly;

    @Override
    public Integer call() {
        var layout = options.layout();
        var installation =
                Installation.read(layout)
                        .filter(_ -> Files.exists(layout.supervisor()))
                        .orElseThrow(() -> neverUp(layout));
        var steps = new Steps(options.json() ? System.err : System.out);
        var up = new UpSteps(layout, installation, steps);
        var runs = new SupervisorClient(layout.supervisorSocket()).status().isPresent();
        steps.step("network of the VPC " + installation.network().range(), () -> up.network());
        Preflight.accelerator(layout, steps);
        if (networkOnly) {
            return 0;
        }
        if (runs) {
            steps.note("Monopod runs on this machine.");
        } else {
            up.startAgain();
            up.host();
        }
        if (options.json()) {
            CommonOptions.printJson(Map.of("steps", steps.done()));
        }
        return 0;
    }

    private static CliException neverUp(Layout layout) {
        return new CliException(
                "%s holds nothing that could start: Monopod was not brought up on this machine"
                        .formatted(layout.data()),
                "monopod up");
    }
}
