package dev.monopod.kube.mapping;

import dev.monopod.model.size.ContainerRequests;
import dev.monopod.model.size.ContainerRequests.Kind;
import dev.monopod.model.size.MebiBytes;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.size.MilliCpu;
import dev.monopod.model.size.Provisioned;
import dev.monopod.model.size.Resources;
import dev.monopod.model.size.Sizing;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The one way from a pod to its size: admission and scheduling give the same answer.
public final class PodSizing {
    private static final BigDecimal MILLI = BigDecimal.valueOf(1000);
    private static final BigDecimal MEBI = BigDecimal.valueOf(1024 * 1024);
    private static final BigDecimal GREATEST = BigDecimal.valueOf(Long.MAX_VALUE);

    private PodSizing() {}

    /// The size of the pod's machine. Requests of the pod as a whole (KEP-2837) replace the sum of
    /// its containers', resource by resource.
    public static Provisioned provision(PodSpec spec, MemoryOverhead overhead) {
        return Sizing.provision(requested(spec), overhead);
    }

    /// What the pod asks for at its most demanding moment, as [#provision] counts it.
    public static Resources requested(PodSpec spec) {
        var sum = Sizing.requests(containers(spec));
        var whole = requests(spec.getResources());
        return new Resources(
                whole.containsKey("cpu") ? cpu(whole) : sum.cpu(),
                whole.containsKey("memory") ? bytes(whole, "memory") : sum.memory(),
                sum.storage());
    }

    /// Which fields of a pod that no size holds ask for too much, for the remedy: those of the pod
    /// as a whole, or of the init containers that are too large alone, or else of all containers
    /// that request something.
    public static List<String> demanding(PodSpec spec, MemoryOverhead overhead) {
        List<String> fields = new ArrayList<>();
        var whole = requests(spec.getResources());
        if (!(Sizing.provision(wholeAlone(whole), overhead) instanceof Provisioned.Fits)) {
            return List.of("spec.resources.requests");
        }
        var init = orEmpty(spec.getInitContainers());
        for (var index = 0; index < init.size(); index++) {
            var own = requests(Kind.INIT, init.get(index)).requests();
            if (!(Sizing.provision(own, overhead) instanceof Provisioned.Fits)) {
                fields.add("spec.initContainers[" + index + "].resources.requests");
            }
        }
        if (!fields.isEmpty()) {
            return List.copyOf(fields);
        }
        var main = orEmpty(spec.getContainers());
        for (var index = 0; index < init.size(); index++) {
            if (!requests(init.get(index).getResources()).isEmpty()) {
                fields.add("spec.initContainers[" + index + "].resources.requests");
            }
        }
        for (var index = 0; index < main.size(); index++) {
            if (!requests(main.get(index).getResources()).isEmpty()) {
                fields.add("spec.containers[" + index + "].resources.requests");
            }
        }
        if (!whole.isEmpty()) {
            fields.add("spec.resources.requests");
        }
        return List.copyOf(fields);
    }

    private static Resources wholeAlone(Map<String, Quantity> whole) {
        return new Resources(cpu(whole), bytes(whole, "memory"), MebiBytes.ZERO);
    }

    /// What each container requests, in the order in which they start.
    public static List<ContainerRequests> containers(PodSpec spec) {
        List<ContainerRequests> requests = new ArrayList<>();
        for (var container : orEmpty(spec.getInitContainers())) {
            var kind = "Always".equals(container.getRestartPolicy()) ? Kind.SIDECAR : Kind.INIT;
            requests.add(requests(kind, container));
        }
        for (var container : orEmpty(spec.getContainers())) {
            requests.add(requests(Kind.CONTAINER, container));
        }
        return List.copyOf(requests);
    }

    private static ContainerRequests requests(Kind kind, Container container) {
        var requests = requests(container.getResources());
        return new ContainerRequests(
                kind,
                Objects.requireNonNullElse(container.getName(), ""),
                new Resources(
                        cpu(requests),
                        bytes(requests, "memory"),
                        bytes(requests, "ephemeral-storage")));
    }

    private static Map<String, Quantity> requests(@Nullable ResourceRequirements resources) {
        return resources == null || resources.getRequests() == null
                ? Map.of()
                : resources.getRequests();
    }

    private static MilliCpu cpu(Map<String, Quantity> requests) {
        var quantity = requests.get("cpu");
        return quantity == null
                ? MilliCpu.ZERO
                : new MilliCpu(whole(quantity.getNumericalAmount().multiply(MILLI)));
    }

    private static MebiBytes bytes(Map<String, Quantity> requests, String resource) {
        var quantity = requests.get(resource);
        return quantity == null
                ? MebiBytes.ZERO
                : new MebiBytes(
                        whole(quantity.getNumericalAmount().divide(MEBI, 6, RoundingMode.CEILING)));
    }

    /// Rounded up. What is negative counts as none: the API server refuses it after admission.
    private static long whole(BigDecimal amount) {
        return amount.setScale(0, RoundingMode.CEILING)
                .max(BigDecimal.ZERO)
                .min(GREATEST)
                .longValueExact();
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
