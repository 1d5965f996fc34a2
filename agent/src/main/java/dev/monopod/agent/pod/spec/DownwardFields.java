package dev.monopod.agent.pod.spec;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceFieldSelector;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The downward API: values of the pod's own fields and of its containers' resources.
///
/// @param allocatable what the Node offers, for limits that are not set
public record DownwardFields(
        Pod pod, String podAddress, String hostAddress, Allocatable allocatable) {
    /// Sizes in bytes.
    public record Allocatable(long milliCpu, long memory, long storage) {}

    private static final Pattern KEYED =
            Pattern.compile("metadata\\.(labels|annotations)\\['([^']+)'\\]");

    /// Bytes that the pod may use at most.
    public long memory() {
        return allocatable.memory();
    }

    /// @throws ConfigurationException for a path that the API does not offer
    public String field(String path) {
        return switch (path) {
            case "metadata.name" -> pod.getMetadata().getName();
            case "metadata.namespace" -> pod.getMetadata().getNamespace();
            case "metadata.uid" -> pod.getMetadata().getUid();
            case "metadata.labels" -> lines(pod.getMetadata().getLabels());
            case "metadata.annotations" -> lines(pod.getMetadata().getAnnotations());
            case "spec.nodeName" -> orEmpty(pod.getSpec().getNodeName());
            case "spec.serviceAccountName" -> orEmpty(pod.getSpec().getServiceAccountName());
            case "status.hostIP", "status.hostIPs" -> hostAddress;
            case "status.podIP", "status.podIPs" -> podAddress;
            default -> keyed(path);
        };
    }

    private String keyed(String path) {
        var matcher = KEYED.matcher(path);
        if (!matcher.matches()) {
            throw new ConfigurationException("unsupported fieldPath: " + path);
        }
        var map =
                matcher.group(1).equals("labels")
                        ? pod.getMetadata().getLabels()
                        : pod.getMetadata().getAnnotations();
        return map == null ? "" : map.getOrDefault(matcher.group(2), "");
    }

    /// @param fallback the container that asks, when the selector names none
    public String resource(ResourceFieldSelector selector, String fallback) {
        var wanted = Optional.ofNullable(selector.getContainerName()).orElse(fallback);
        var container =
                PodPlan.of(pod).containers().stream()
                        .map(ContainerPlan::spec)
                        .filter(c -> c.getName().equals(wanted))
                        .findFirst()
                        .orElseThrow(() ->
                                new ConfigurationException("container " + wanted + " not found"));
        var path = selector.getResource();
        BigDecimal value =
                switch (path) {
                    case "limits.cpu" ->
                            limit(container, "cpu", BigDecimal.valueOf(allocatable.milliCpu(), 3));
                    case "requests.cpu" -> request(container, "cpu");
                    case "limits.memory" ->
                            limit(container, "memory", BigDecimal.valueOf(allocatable.memory()));
                    case "requests.memory" -> request(container, "memory");
                    case "limits.ephemeral-storage" ->
                            limit(
                                    container,
                                    "ephemeral-storage",
                                    BigDecimal.valueOf(allocatable.storage()));
                    case "requests.ephemeral-storage" -> request(container, "ephemeral-storage");
                    default ->
                            throw new ConfigurationException(
                                    "unsupported container resource: " + path);
                };
        var divisor = divisor(selector.getDivisor());
        return value.divide(divisor, 0, RoundingMode.CEILING).toPlainString();
    }

    private static BigDecimal divisor(Quantity divisor) {
        if (divisor == null || divisor.getNumericalAmount().signum() == 0) {
            return BigDecimal.ONE;
        }
        return divisor.getNumericalAmount();
    }

    private static BigDecimal limit(Container container, String name, BigDecimal whole) {
        return amount(
                        container.getResources() == null
                                ? null
                                : container.getResources().getLimits(),
                        name)
                .orElse(whole);
    }

    private static BigDecimal request(Container container, String name) {
        return amount(
                        container.getResources() == null
                                ? null
                                : container.getResources().getRequests(),
                        name)
                .orElse(BigDecimal.ZERO);
    }

    public static Optional<BigDecimal> amount(
            @org.jspecify.annotations.Nullable Map<String, Quantity> quantities, String name) {
        return Optional.ofNullable(quantities)
                .map(map -> map.get(name))
                .map(Quantity::getNumericalAmount)
                .filter(value -> value.signum() > 0);
    }

    private static String lines(@org.jspecify.annotations.Nullable Map<String, String> map) {
        if (map == null) {
            return "";
        }
        return new TreeMap<>(map)
                .entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + quote(entry.getValue()))
                        .collect(Collectors.joining("\n"));
    }

    /// As Go's `%q`, for the characters that labels and annotations usually hold.
    private static String quote(String value) {
        var out = new StringBuilder("\"");
        for (var i = 0; i < value.length(); i++) {
            var c = value.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case 0x07 -> out.append("\\a");
                case 0x0b -> out.append("\\v");
                default -> {
                    if (c < 0x20 || c == 0x7f) {
                        out.append("\\x%02x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        return out.append('"').toString();
    }

    private static String orEmpty(@org.jspecify.annotations.Nullable String value) {
        return value == null ? "" : value;
    }
}
