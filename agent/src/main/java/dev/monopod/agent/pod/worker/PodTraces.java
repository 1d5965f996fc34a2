package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.Noted;
import dev.monopod.agent.pod.life.Traces;
import dev.monopod.agent.pod.life.Traces.GuestContainer;
import dev.monopod.agent.pod.life.Traces.MachineSeen;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.ListContainersRequest;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Looks for what is left of a pod besides its record. A guest is asked only if the record does not
/// tell: it may be hostile, and a record is not. Blocks its thread for ten seconds at most.
record PodTraces(GuestChannel.Transport transport) {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    Traces of(PodView view, Noted noted, Optional<VirtualMachine> vm) {
        var status = Optional.ofNullable(view.pod().getStatus());
        return new Traces(
                vm.filter(VirtualMachine::alive)
                        .map(running ->
                                noted instanceof Noted.Whole
                                        ? new MachineSeen.Silent()
                                        : asked(view, running))
                        .orElseGet(MachineSeen.Gone::new),
                status.map(PodStatus::getPhase),
                status.map(PodTraces::restarts).orElse(Map.of()));
    }

    private static Map<String, Integer> restarts(PodStatus status) {
        var restarts = new HashMap<String, Integer>();
        Stream.of(
                        status.getInitContainerStatuses(),
                        status.getContainerStatuses(),
                        status.getEphemeralContainerStatuses())
                .flatMap(List::stream)
                .filter(PodTraces::begun)
                .forEach(one -> restarts.put(one.getName(), one.getRestartCount()));
        return restarts;
    }

    private static boolean begun(ContainerStatus status) {
        return status.getRestartCount() != null
                && (status.getRestartCount() > 0
                        || status.getState() != null
                                && (status.getState().getRunning() != null
                                        || status.getState().getTerminated() != null));
    }

    private MachineSeen asked(PodView view, VirtualMachine vm) {
        try (var channel = GuestChannel.again(vm.channel(), transport)) {
            return new MachineSeen.Answers(
                    channel
                            .blocking(PATIENCE)
                            .listContainers(ListContainersRequest.getDefaultInstance())
                            .getContainersList()
                            .stream()
                            .filter(state -> ours(view, state))
                            .map(state ->
                                    new GuestContainer(
                                            state.getName(),
                                            state.getAttempt(),
                                            Instant.ofEpochSecond(0, state.getStartedUnixNanos())))
                            .toList());
        } catch (StatusRuntimeException e) {
            return new MachineSeen.Silent();
        }
    }

    private static boolean ours(PodView view, ContainerState state) {
        return state.getAttempt() >= 0
                && ContainerIds.of(view.plan().uid(), state.getName(), state.getAttempt())
                        .equals(state.getContainerId());
    }
}
