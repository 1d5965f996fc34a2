package dev.monopod.cli.doctor;

import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Steps;

/// What `up` and `join` ask before they make anything: the probes of `doctor`.
public final class Preflight {
    private Preflight() {}

    /// Notes every probe that does not pass.
    ///
    /// @throws CliException if one fails
    public static void require(Layout layout, Role role, Steps steps) {
        var probes = new Probes(layout, role).all();
        var bad = probes.stream().filter(probe -> probe.level() != Probe.Level.PASS).toList();
        bad.forEach(probe -> probe.line().lines().forEach(steps::note));
        var failed = bad.stream().filter(probe -> probe.level() == Probe.Level.FAIL).count();
        if (failed > 0) {
            throw new CliException(
                    "this machine cannot run Monopod: %d of %d probes fail"
                            .formatted(failed, probes.size()));
        }
    }

    /// Whether the host is to run a control plane too.
    public enum Role {
        CONTROL_PLANE,
        HOST_ONLY
    }
}
