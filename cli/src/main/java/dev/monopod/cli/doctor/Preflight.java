package dev.monopod.cli.doctor;

import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Steps;

/// What `up` and `join` ask before they make anything: the probes of `doctor`.
public final class Preflight {
    private Preflight() {}

    /// Notes every probe that does not pass. The accelerator is none of them: see [#accelerator].
    ///
    /// @throws CliException if one fails
    public static void require(Layout layout, Role role, Steps steps) {
        var probes = new Probes(layout, role).required();
        var bad = probes.stream().filter(probe -> probe.level() != Probe.Level.PASS).toList();
        bad.forEach(probe -> probe.line().lines().forEach(steps::note));
        var failed = bad.stream().filter(probe -> probe.level() == Probe.Level.FAIL).count();
        if (failed > 0) {
            throw new CliException(
                    "this machine cannot run Monopod: %d of %d probes fail"
                            .formatted(failed, probes.size()));
        }
    }

    /// Finds out whether KVM works, in the name of the agent, which goes by the answer until the
    /// next boot. To be asked while nothing else starts: KVM of a host that is busy looks like one
    /// that hangs.
    public static void accelerator(Layout layout, Steps steps) {
        var probe =
                steps.step(
                        Findings.ACCELERATOR,
                        () -> new Probes(layout, Role.HOST_ONLY).accelerator());
        if (probe.level() != Probe.Level.PASS) {
            probe.line().lines().forEach(steps::note);
        }
    }

    /// Whether the host is to run a control plane too.
    public enum Role {
        CONTROL_PLANE,
        HOST_ONLY
    }
}
