package dev.monopod.agent.loadbalancing;

import dev.monopod.kube.client.ConditionState;
import dev.monopod.kube.client.Patches;
import dev.monopod.loadbalancing.haproxy.HaproxyConfiguration;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.Target;
import dev.monopod.loadbalancing.rules.TargetGroups;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes the health of targets into the conditions that their pods' readiness gates wait for.
final class TargetHealth {
    private static final Logger LOG = LoggerFactory.getLogger(TargetHealth.class);

    private final Patches patches;
    private final Clock clock;

    TargetHealth(KubernetesClient client, Clock clock) {
        this.patches = new Patches(client);
        this.clock = clock;
    }

    /// @param health whether servers passed their last check, by `SECTION/SERVER`; what is missing
    ///   is not known, and changes nothing
    void report(
            List<LoadBalancer> balancers, Map<String, Boolean> health, Collection<Pod> gatedPods) {
        if (gatedPods.isEmpty()) {
            return;
        }
        // A pod may stand in several back ends of one group; it is healthy when it is so in all.
        var states = new HashMap<String, State>();
        for (var balancer : balancers) {
            for (var backend : balancer.backends()) {
                if (backend.behaviour() instanceof Behaviour.Pool pool
                        && pool.targetGroup().isPresent()) {
                    for (var target : pool.targets()) {
                        var server =
                                HaproxyConfiguration.section(balancer, backend)
                                        + "/"
                                        + target.name();
                        states.merge(
                                pool.targetGroup().get() + " " + target.address(),
                                State.of(target, health.get(server)),
                                State::worse);
                    }
                }
            }
        }
        gatedPods.forEach(pod -> report(pod, states));
    }

    private enum State {
        HEALTHY,
        UNKNOWN,
        UNHEALTHY;

        static State of(Target target, @Nullable Boolean passed) {
            if (target.state() != Target.State.READY) {
                return UNHEALTHY;
            }
            return passed == null ? UNKNOWN : passed ? HEALTHY : UNHEALTHY;
        }

        State worse(State other) {
            return compareTo(other) > 0 ? this : other;
        }
    }

    private void report(Pod pod, Map<String, State> states) {
        if (pod.getStatus() == null || pod.getStatus().getPodIP() == null) {
            return;
        }
        for (var gate : pod.getSpec().getReadinessGates()) {
            var type = gate.getConditionType();
            if (!TargetGroups.isGate(type)) {
                continue;
            }
            var state = states.get(TargetGroups.group(type) + " " + pod.getStatus().getPodIP());
            if (state != null && (state != State.UNKNOWN || !stands(pod, type))) {
                write(pod, type, state == State.HEALTHY);
            }
        }
    }

    private static boolean stands(Pod pod, String type) {
        return pod.getStatus().getConditions().stream()
                .anyMatch(condition -> condition.getType().equals(type));
    }

    private void write(Pod pod, String type, boolean healthy) {
        var before = pod.getStatus().getConditions();
        var condition =
                healthy
                        ? new ConditionState(type, true, "", "")
                        : new ConditionState(
                                type,
                                false,
                                "Elb.RegistrationInProgress",
                                "the load balancer's health check has not passed");
        if (before.stream()
                .anyMatch(each ->
                        each.getType().equals(type)
                                && each.getStatus().equals(healthy ? "True" : "False"))) {
            return;
        }
        try {
            patches.strategicStatus(
                    pod,
                    Map.of(
                            "status",
                            Map.of(
                                    "conditions",
                                    List.of(condition.podCondition(before, clock.instant())))));
        } catch (KubernetesClientException e) {
            LOG.info(
                    "failed to update target health of {}/{}: {}",
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    e.getMessage());
        }
    }
}
