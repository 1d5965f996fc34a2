package dev.monopod.kube.eviction;

import dev.monopod.kube.mapping.Selectors;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The PodDisruptionBudgets of a cluster, as the Eviction API matches them with pods.
public final class Budgets {
    private final List<PodDisruptionBudget> all;

    /// All that the API server has.
    public static Budgets read(KubernetesClient client) {
        return new Budgets(
                client.policy().v1().podDisruptionBudget().inAnyNamespace().list().getItems());
    }

    public Budgets(Collection<PodDisruptionBudget> all) {
        this.all = List.copyOf(all);
    }

    /// Those that count the pod. With two, the Eviction API refuses every eviction of it.
    public List<PodDisruptionBudget> of(Pod pod) {
        Map<String, String> labels =
                Objects.requireNonNullElse(pod.getMetadata().getLabels(), Map.of());
        return all.stream()
                .filter(budget -> namespace(budget).equals(namespace(pod)))
                .filter(budget -> budget.getSpec().getSelector() != null)
                .filter(budget -> Selectors.of(budget.getSpec().getSelector()).matches(labels))
                .toList();
    }

    /// Whether the budget allows nothing even while all its pods are healthy (`maxUnavailable: 0`
    /// or 100 %), so that waiting does not help.
    public static boolean neverAllows(PodDisruptionBudget budget) {
        var status = budget.getStatus();
        return status != null
                && Objects.equals(
                        status.getObservedGeneration(), budget.getMetadata().getGeneration())
                && status.getExpectedPods() != null
                && status.getDesiredHealthy() != null
                && status.getExpectedPods() > 0
                && status.getDesiredHealthy() >= status.getExpectedPods();
    }

    /// What they say to an eviction of the pod at present, such as `web: allows 1 now`.
    public String words(Pod pod) {
        var counting = of(pod);
        if (counting.isEmpty()) {
            return "none";
        }
        if (counting.size() > 1) {
            return "two: the Eviction API refuses";
        }
        var budget = counting.getFirst();
        var name = budget.getMetadata().getName();
        var status = budget.getStatus();
        var allowed =
                status == null || status.getDisruptionsAllowed() == null
                        ? 0
                        : status.getDisruptionsAllowed();
        return neverAllows(budget)
                ? "%s: never allows any".formatted(name)
                : "%s: allows %d now".formatted(name, allowed);
    }

    private static String namespace(HasMetadata object) {
        return object.getMetadata().getNamespace();
    }
}
