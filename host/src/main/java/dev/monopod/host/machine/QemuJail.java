package dev.monopod.host.machine;

import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.TapDevice;
import dev.monopod.host.program.Program;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Puts a QEMU command into its jail: cgroups of its own, the tap's network namespace, a `/dev`
/// that holds only what this machine needs, an unprivileged user without capabilities. Each program
/// replaces the one before it, so the process number stays.
///
/// The private `/dev` is also what lets that user open the tap and KVM: how a host protects its own
/// device files differs, and is not changed.
final class QemuJail {
    private static final String DEVICES =
            """
            mount -t tmpfs -o mode=0755,nosuid,noexec,size=64k monopod-dev /dev || exit 70
            mknod -m 0666 /dev/null c 1 3 && mknod -m 0444 /dev/urandom c 1 9 || exit 70
            """;
    private static final String TAP =
            """
            mkdir /dev/net && mknod -m 0666 /dev/net/tun c 10 200 || exit 70
            """;
    private static final String KVM =
            """
            mknod -m 0666 /dev/kvm c 10 232 || exit 70
            """;

    private final long user;
    private final Accelerator accelerator;

    QemuJail(long user, Accelerator accelerator) {
        this.user = user;
        this.accelerator = accelerator;
    }

    /// @param limit for a QEMU that is run to its end
    /// @param groups `cgroup.procs` files to join
    Program around(
            Duration limit, List<String> qemu, List<Path> groups, Optional<TapDevice> network) {
        var line = new ArrayList<String>();
        network.ifPresent(tap ->
                line.addAll(List.of("nsenter", "--net=/run/netns/" + tap.networkNamespace())));
        line.addAll(List.of("unshare", "--mount", "--propagation", "private"));
        line.addAll(List.of("sh", "-c", script(groups, network.isPresent()), "sh"));
        line.addAll(List.of("setpriv", "--reuid", Long.toString(user)));
        line.addAll(List.of("--regid", Long.toString(user), "--clear-groups", "--no-new-privs"));
        line.addAll(List.of("--inh-caps=-all", "--bounding-set=-all"));
        line.addAll(qemu);
        // The agent's environment may hold secrets, and QEMU is what a guest breaks into first.
        return Program.of(limit, line).withEnvironment(new Program.Environment.Bare(Map.of()));
    }

    private String script(List<Path> groups, boolean tap) {
        var script = new StringBuilder();
        for (var group : groups) {
            script.append("echo $$ > '").append(group).append("' || exit 70\n");
        }
        script.append(DEVICES).append(tap ? TAP : "");
        script.append(
                switch (accelerator) {
                    case KVM -> KVM;
                    case TCG -> "";
                });
        return script.append("exec \"$@\"\n").toString();
    }
}
