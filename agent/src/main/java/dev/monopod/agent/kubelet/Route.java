package dev.monopod.agent.kubelet;

import io.fabric8.kubernetes.api.model.Pod;
import io.netty.handler.codec.http.HttpMethod;
import java.util.List;
import java.util.Optional;

/// What a path of the kubelet API asks for.
sealed interface Route {
    record Health() implements Route {}

    record Pods() implements Route {}

    record Metrics() implements Route {}

    record ResourceMetrics() implements Route {}

    record ContainerMetrics() implements Route {}

    record ProbeMetrics() implements Route {}

    record Summary() implements Route {}

    record ContainerLogs(Target target, String container) implements Route {}

    record Exec(Target target, String container) implements Route {}

    record Attach(Target target, String container) implements Route {}

    record PortForward(Target target) implements Route {}

    record Unknown(String path) implements Route {}

    /// @param uid of the pod, if the path fixes it
    record Target(String namespace, String pod, Optional<String> uid) {
        boolean matches(Pod candidate) {
            var metadata = candidate.getMetadata();
            return namespace.equals(metadata.getNamespace())
                    && pod.equals(metadata.getName())
                    && (uid.isEmpty() || uid.get().equals(metadata.getUid()));
        }
    }

    /// @param path decoded, without query
    static Route of(String path) {
        var parts = List.of(path.split("/", -1));
        var name = parts.size() > 1 ? parts.get(1) : "";
        var rest = parts.subList(Math.min(2, parts.size()), parts.size());
        return switch (path) {
            case "/healthz" -> new Health();
            case "/pods", "/pods/" -> new Pods();
            case "/metrics" -> new Metrics();
            case "/metrics/resource" -> new ResourceMetrics();
            case "/metrics/cadvisor" -> new ContainerMetrics();
            case "/metrics/probes" -> new ProbeMetrics();
            case "/stats/summary" -> new Summary();
            default -> rest.contains("") ? new Unknown(path) : ofStream(name, rest, path);
        };
    }

    private static Route ofStream(String name, List<String> rest, String path) {
        if (name.equals("portForward") && (rest.size() == 2 || rest.size() == 3)) {
            return new PortForward(target(rest, rest.size() == 3));
        }
        if (name.equals("containerLogs") && rest.size() == 3) {
            return new ContainerLogs(target(rest, false), rest.getLast());
        }
        if (rest.size() == 3 || rest.size() == 4) {
            var target = target(rest, rest.size() == 4);
            return switch (name) {
                case "exec" -> new Exec(target, rest.getLast());
                case "attach" -> new Attach(target, rest.getLast());
                default -> new Unknown(path);
            };
        }
        return new Unknown(path);
    }

    private static Target target(List<String> rest, boolean withUid) {
        return new Target(
                rest.get(0), rest.get(1), withUid ? Optional.of(rest.get(2)) : Optional.empty());
    }

    /// The pod that this addresses by name.
    default Optional<Target> namedPod() {
        return switch (this) {
            case ContainerLogs logs -> Optional.of(logs.target);
            case Exec exec -> Optional.of(exec.target);
            case Attach attach -> Optional.of(attach.target);
            case PortForward forward -> Optional.of(forward.target);
            case Health _, Pods _, Metrics _, ResourceMetrics _, ContainerMetrics _ ->
                    Optional.empty();
            case ProbeMetrics _, Summary _, Unknown _ -> Optional.empty();
        };
    }

    /// What a user must be allowed to do with one of the [#subresources]. Who runs commands in a
    /// pod or speaks to its ports changes it, also when a WebSocket has to begin with a GET: to
    /// read a Node is not enough.
    default String verb(HttpMethod method) {
        return switch (this) {
            case Exec _, Attach _, PortForward _ -> "create";
            case Health _, Pods _, Metrics _, ResourceMetrics _, ContainerMetrics _ ->
                    verbOf(method);
            case ProbeMetrics _, Summary _, ContainerLogs _, Unknown _ -> verbOf(method);
        };
    }

    private static String verbOf(HttpMethod method) {
        return switch (method.name()) {
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            case "DELETE" -> "delete";
            default -> "get";
        };
    }

    /// The subresources of `nodes` of which any one suffices to use this, the kubelet's way.
    default List<String> subresources() {
        return switch (this) {
            case Health _ -> List.of("healthz", "proxy");
            case Pods _ -> List.of("pods", "proxy");
            case Metrics _, ResourceMetrics _, ContainerMetrics _, ProbeMetrics _ ->
                    List.of("metrics");
            case Summary _ -> List.of("stats");
            case ContainerLogs _, Exec _, Attach _, PortForward _, Unknown _ -> List.of("proxy");
        };
    }
}
