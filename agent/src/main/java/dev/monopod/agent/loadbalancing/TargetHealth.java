package dev.monopod.agent.loadbalancing;

import dev.monopod.model.loadbalancing.Backend.Behaviour;
import dev.monopod.model.loadbalancing.LoadBalancer;
import dev.monopod.model.loadbalancing.Target;
import dev.monopod.model.loadbalancing.TargetGroups;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodReadinessGate;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes the health of targets into the conditions that their pods' readiness gates wait for.
final class TargetHealth {
    private static final Logger LOG = LoggerFactory.getLogger(TargetHealth.class);
    private static final PatchContext STRATEGIC = PatchContext.of(PatchType.STRATEGIC_MERGE);

    private final KubernetesClient client;
    private final Clock clock;

    TargetHealth(KubernetesClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    /// @param healthy servers that passed their check, as `SECTION/SERVER`
    void report(List<LoadBalancer> balancers, Set<String> healthy, Collection<Pod> gatedPods) {
        if (gatedPods.isEmpty()) {
            return;
        }
        // A pod may stand in several back ends of one group; it is healthy when it is so in all.
        var states = new HashMap<String, Boolean>();
        for (var balancer : balancers) {
            for (var backend : balancer.backends()) {
                if (backend.behaviour() instanceof Behaviour.Pool pool
                        && pool.targetGroup().isPresent()) {
                    for (var target : pool.targets()) {
                        var server =
                                HaproxyConfiguration.section(balancer, backend)
                                        + "/"
                                        + target.name();
                        var fine = target.state() == Target.State.READY && healthy.contains(server);
                        states.merge(
                                pool.targetGroup().get() + " " + target.address(),
                                fine,
                                Boolean::logicalAnd);
                    }
                }
            }
        }
        gatedPods.forEach(pod -> report(pod, states));
    }

    private void report(Pod pod, Map<String, Boolean> states) {
        if (pod.getStatus() == null || pod.getStatus().getPodIP() == null) {
            return;
        }
        for (PodReadinessGate gate : pod.getSpec().getReadinessGates()) {
            var type = gate.getConditionType();
            if (!TargetGroups.isGate(type)) {
                continue;
            }
            var state = states.get(TargetGroups.group(type) + " " + pod.getStatus().getPodIP());
            if (state != null) {
                write(pod, type, state ? "True" : "False");
            }
        }
    }

    private void write(Pod pod, String type, String status) {
        var known =
                pod.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                condition.getType().equals(type)
                                        && status.equals(condition.getStatus()));
        if (known) {
            return;
        }
        var condition =
                new PodConditionBuilder()
                        .withType(type)
                        .withStatus(status)
                        .withReason(status.equals("True") ? null : "Elb.RegistrationInProgress")
                        .withMessage(
                                status.equals("True")
                                        ? null
                                        : "the load balancer's health check has not passed")
                        .withLastTransitionTime(
                                clock.instant().truncatedTo(ChronoUnit.SECONDS).toString())
                        .build();
        try {
            client.pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .subresource("status")
                    .patch(
                            STRATEGIC,
                            client.getKubernetesSerialization()
                                    .asJson(
                                            Map.of(
                                                    "status",
                                                    Map.of("conditions", List.of(condition)))));
        } catch (KubernetesClientException e) {
            LOG.info(
                    "health of {}/{} not written: {}",
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    e.getMessage());
        }
    }
}
