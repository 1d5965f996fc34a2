package dev.monopod.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Prints what `up` would find: PASS, WARN or FAIL, each with its remedy. Exit code 1 if something
/// fails.
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = "Check this machine: the same probes as `up`, each with its remedy.")
final class DoctorCommand implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Override
    public Integer call() {
        Layout layout = options.layout();
        boolean joined = UpConfig.read(layout).flatMap(UpConfig::externalKubeconfig).isPresent();
        List<Probe> probes = new Probes(layout, joined).all();
        if (options.json()) {
            CommonOptions.printJson(probes);
        } else {
            probes.forEach(probe -> System.out.println(probe.line()));
        }
        return probes.stream().anyMatch(probe -> probe.level() == Probe.Level.FAIL) ? 1 : 0;
    }
}
