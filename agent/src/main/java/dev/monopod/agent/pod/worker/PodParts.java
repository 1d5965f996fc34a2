package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.container.ContainerRequests;
import dev.monopod.agent.pod.container.ContainerRunner;
import dev.monopod.agent.pod.container.LifecycleHooks;
import dev.monopod.agent.pod.container.ProbeRunner;
import dev.monopod.agent.pod.log.ContainerLogs;
import dev.monopod.agent.pod.pull.ImagePuller;
import dev.monopod.agent.pod.pull.PodImages;
import dev.monopod.agent.pod.resize.PodLimits;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;

/// Puts the parts of one pod together: lists what each is given, and does nothing else.
record PodParts(
        PodView view,
        PodScope scope,
        PodReports reports,
        MachineHandle handle,
        WorkerServices services) {
    ContainerRunner runner(ContainerLogs logs, ProbeRunner probes) {
        var requests =
                new ContainerRequests(
                        view, handle, services.source(), services.settings().seccompProfiles());
        var hooks = new LifecycleHooks(view, reports, handle);
        return new ContainerRunner(
                view,
                scope,
                reports,
                handle,
                new ContainerRunner.Steps(requests, logs, probes, hooks));
    }

    PodLimits limits() {
        return new PodLimits(view, reports, handle);
    }

    ImagePuller puller() {
        var images = new PodImages(services.images(), view, reports, services.source());
        return new ImagePuller(view, scope, reports, handle, images);
    }
}
