package dev.monopod.cli.doctor;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.Installation;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Prints what `up` would find: PASS, WARN or FAIL, each with its remedy. Exit code 1 if something
/// fails.
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = "Check this machine: the same probes as `up`, each with its remedy.")
public final class DoctorCommand implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Override
    public Integer call() {
        var layout = options.layout();
        boolean ownCluster =
                Installation.read(layout).map(it -> it.standing().runsControlPlane()).orElse(true);
        var probes =
                new Probes(
                                layout,
                                ownCluster
                                        ? Preflight.Role.CONTROL_PLANE
                                        : Preflight.Role.HOST_ONLY)
                        .all();
        if (options.json()) {
            CommonOptions.printJson(probes);
        } else {
            probes.forEach(probe -> System.out.println(probe.line()));
        }
        return probes.stream().anyMatch(probe -> probe.level() == Probe.Level.FAIL) ? 1 : 0;
    }
}
