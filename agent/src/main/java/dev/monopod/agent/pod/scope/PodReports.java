package dev.monopod.agent.pod.scope;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.kube.client.EventType;

/// Where the parts of a pod report: to its owner thread, and to its user by events. No call blocks.
/// Thread-safe.
public final class PodReports {
    private final PodMailbox mailbox;
    private final PodView view;
    private final PodScope scope;
    private final PodApi api;

    public PodReports(PodMailbox mailbox, PodView view, PodScope scope, PodApi api) {
        this.mailbox = mailbox;
        this.view = view;
        this.scope = scope;
        this.api = api;
    }

    public void post(PodInput input) {
        switch (input) {
            case PodInput.Bound _ -> scope.reached(StartTrace.Step.BOUND);
            case PodInput.MachineReady _ -> scope.reached(StartTrace.Step.ANSWERED);
            case PodInput.Prepared _ -> scope.reached(StartTrace.Step.VOLUMES);
            case PodInput.Started _ -> scope.reached(StartTrace.Step.STARTED);
            case PodInput _ -> {}
        }
        mailbox.post(input);
    }

    public void event(EventType type, String reason, String message) {
        event(type, reason, message, "");
    }

    /// @param fieldPath of the container that it is about; empty for the pod
    public void event(EventType type, String reason, String message, String fieldPath) {
        scope.run("event " + reason, () -> api.event(view.pod(), type, reason, message, fieldPath));
    }
}
