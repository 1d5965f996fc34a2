package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.status.PodStatusView;
import dev.monopod.host.machine.Hypervisor.Programs;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.kube.api.MachineVersions;
import dev.monopod.protocol.guest.ConfigureResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// Tells of a machine's start in its object's status, in order: once the guest has answered, that
/// it starts is not told any more. Thread-safe.
final class MachineTold {
    private static final Duration LONG_START = Duration.ofSeconds(10);

    private final PodView view;
    private final PodScope scope;
    private final PodApi api;
    private final ReentrantLock telling = new ReentrantLock();
    private volatile boolean answered;

    MachineTold(PodView view, PodScope scope, PodApi api) {
        this.view = view;
        this.scope = scope;
        this.api = api;
    }

    /// Of a start that takes long: of the others, that they run is told soon.
    void starting() throws InterruptedException {
        if (answered || scope.pause(LONG_START)) {
            return;
        }
        telling.lock();
        try {
            if (!answered) {
                tell(
                        new MachineStatus(
                                MachineStatus.Phase.Starting, null, null, null, null, null, null));
            }
        } finally {
            telling.unlock();
        }
    }

    /// @param begun how the machine came to be, unless it ran before
    void running(ConfigureResponse guest, Optional<Begun> begun) {
        answered = true;
        telling.lock();
        try {
            tell(
                    new MachineStatus(
                            MachineStatus.Phase.Running,
                            guest.getBootId(),
                            null,
                            begun.map(_ -> PodStatusView.time(scope.now())).orElse(null),
                            begun.map(it -> it.took().toMillis()).orElse(null),
                            begun.flatMap(Begun::programs).map(MachineTold::versions).orElse(null),
                            null));
        } finally {
            telling.unlock();
        }
    }

    /// How a machine came to be.
    ///
    /// @param took from its start to the guest's answer
    /// @param programs it is made of
    record Begun(Duration took, Optional<Programs> programs) {}

    private static MachineVersions versions(Programs programs) {
        return new MachineVersions(programs.kernel(), programs.guest(), programs.qemu());
    }

    private void tell(MachineStatus status) {
        api.machineStatus(view.machineName(), status);
    }
}
