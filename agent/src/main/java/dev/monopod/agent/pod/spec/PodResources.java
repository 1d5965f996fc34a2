package dev.monopod.agent.pod.spec;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Sums over a pod's containers, as the kubelet makes them.
public final class PodResources {
    private static final BigDecimal STEP_BINARY = BigDecimal.valueOf(1024);
    private static final BigDecimal STEP_DECIMAL = BigDecimal.valueOf(1000);
    private static final List<String> BINARY = List.of("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei");
    private static final List<String> DECIMAL = List.of("", "k", "M", "G", "T", "P", "E");

    private PodResources() {}

    /// What the pod may have of a resource: the lasting containers' limits together, or what an
    /// init container may have beside the sidecars before it, if that is more. Empty when no
    /// container has a limit; one without adds nothing.
    public static Optional<BigDecimal> limit(Pod pod, String resource) {
        List<BigDecimal> sums = new ArrayList<>();
        var sidecars = BigDecimal.ZERO;
        var any = false;
        for (var container : pod.getSpec().getInitContainers()) {
            var own = amount(container, resource);
            any |= own.isPresent();
            var amount = own.orElse(BigDecimal.ZERO);
            if ("Always".equals(container.getRestartPolicy())) {
                sidecars = sidecars.add(amount);
                sums.add(sidecars);
            } else {
                sums.add(sidecars.add(amount));
            }
        }
        var lasting = sidecars;
        for (var container : pod.getSpec().getContainers()) {
            var own = amount(container, resource);
            any |= own.isPresent();
            lasting = lasting.add(own.orElse(BigDecimal.ZERO));
        }
        sums.add(lasting);
        return any ? sums.stream().max(BigDecimal::compareTo) : Optional.empty();
    }

    /// Like [#limit], but empty unless every container is limited: else the pod as a whole is not.
    public static Optional<BigDecimal> wholeLimit(Pod pod, String resource) {
        var all =
                PodPlan.of(pod).lasting().stream()
                        .allMatch(plan -> limit(plan.spec(), resource).isPresent());
        return all ? limit(pod, resource) : Optional.empty();
    }

    /// What one container may have; zero counts as nothing said.
    public static Optional<Quantity> limit(Container container, String resource) {
        return Optional.ofNullable(container.getResources())
                .flatMap(resources -> Optional.ofNullable(resources.getLimits()))
                .flatMap(limits -> Optional.ofNullable(limits.get(resource)))
                .filter(limit -> limit.getNumericalAmount().signum() > 0);
    }

    private static Optional<BigDecimal> amount(Container container, String resource) {
        return limit(container, resource).map(Quantity::getNumericalAmount);
    }

    /// Whether it is written with binary suffixes.
    public static boolean binary(Quantity quantity) {
        return quantity.getFormat().endsWith("i");
    }

    /// A pod's sum as Kubernetes writes it: in the manner of its first limit.
    public static String text(Pod pod, String resource, BigDecimal sum) {
        boolean binary =
                PodPlan.of(pod).lasting().stream()
                        .flatMap(plan -> limit(plan.spec(), resource).stream())
                        .findFirst()
                        .map(PodResources::binary)
                        .orElse(false);
        return text(sum, binary);
    }

    /// With the greatest suffix that leaves a whole number.
    public static String text(BigDecimal amount, boolean binary) {
        var step = binary ? STEP_BINARY : STEP_DECIMAL;
        var suffixes = binary ? BINARY : DECIMAL;
        var left = amount;
        var power = 0;
        while (power + 1 < suffixes.size()
                && left.signum() != 0
                && left.remainder(step).signum() == 0) {
            left = left.divide(step);
            power++;
        }
        var whole = left.toBigInteger();
        return whole + suffixes.get(power);
    }
}
