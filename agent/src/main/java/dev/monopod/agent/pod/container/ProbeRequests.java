package dev.monopod.agent.pod.container;

import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.agent.pod.spec.Expansion;
import dev.monopod.protocol.guest.EnvironmentVariable;
import dev.monopod.protocol.guest.ExecProbe;
import dev.monopod.protocol.guest.GrpcProbe;
import dev.monopod.protocol.guest.HttpProbe;
import dev.monopod.protocol.guest.ProbeRequest;
import dev.monopod.protocol.guest.TcpProbe;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ExecAction;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Probe;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Renders probes and HTTP hooks as the guest is asked for them.
///
/// @param podAddress host of probes that name none
record ProbeRequests(Container container, String containerId, String podAddress) {
    private static final String USER_AGENT = "kube-probe/1.36";

    /// @throws ConfigurationException for a port that the container does not name
    ProbeRequest of(Probe probe) {
        var timeout =
                1000L
                        * Optional.ofNullable(probe.getTimeoutSeconds())
                                .filter(seconds -> seconds > 0)
                                .orElse(1);
        var request = ProbeRequest.newBuilder().setTimeoutMillis(timeout);
        if (probe.getHttpGet() != null) {
            return request.setHttp(http(probe.getHttpGet(), USER_AGENT)).build();
        }
        if (probe.getTcpSocket() != null) {
            var tcp = probe.getTcpSocket();
            return request.setTcp(
                            TcpProbe.newBuilder()
                                    .setHost(host(tcp.getHost()))
                                    .setPort(port(tcp.getPort())))
                    .build();
        }
        if (probe.getGrpc() != null) {
            var service = probe.getGrpc().getService();
            return request.setGrpc(
                            GrpcProbe.newBuilder()
                                    .setPort(probe.getGrpc().getPort())
                                    .setService(service == null ? "" : service))
                    .build();
        }
        if (probe.getExec() != null) {
            return request.setExec(exec(expanded(probe.getExec().getCommand()))).build();
        }
        throw new ConfigurationException("missing probe handler for " + container.getName());
    }

    ProbeRequest hook(HTTPGetAction action, Duration timeout) {
        return ProbeRequest.newBuilder()
                .setTimeoutMillis(timeout.toMillis())
                .setHttp(http(action, "kube-lifecycle/1.36").toBuilder().setAnyStatus(true))
                .build();
    }

    ProbeRequest hook(ExecAction action, Duration timeout) {
        return ProbeRequest.newBuilder()
                .setTimeoutMillis(timeout.toMillis())
                .setExec(exec(action.getCommand()))
                .build();
    }

    private ExecProbe exec(List<String> command) {
        return ExecProbe.newBuilder().setContainerId(containerId).addAllArgs(command).build();
    }

    /// Only variables whose value stands in the specification itself are known to a probe.
    private List<String> expanded(List<String> command) {
        Map<String, String> variables = new HashMap<>();
        for (var variable : container.getEnv()) {
            if (variable.getValueFrom() == null) {
                var value = variable.getValue() == null ? "" : variable.getValue();
                variables.put(variable.getName(), Expansion.expand(value, variables));
            }
        }
        return command.stream().map(word -> Expansion.expand(word, variables)).toList();
    }

    private HttpProbe http(HTTPGetAction action, String agent) {
        var path = action.getPath() == null ? "/" : action.getPath();
        var scheme = action.getScheme() == null ? "http" : action.getScheme();
        var http =
                HttpProbe.newBuilder()
                        .setScheme(scheme.toLowerCase(Locale.ROOT))
                        .setHost(host(action.getHost()))
                        .setPort(port(action.getPort()))
                        .setPath(path.startsWith("/") ? path : "/" + path);
        var named = false;
        for (var header : action.getHttpHeaders()) {
            named |= "user-agent".equalsIgnoreCase(header.getName());
            http.addHeaders(variable(header.getName(), header.getValue()));
        }
        if (!named) {
            http.addHeaders(variable("User-Agent", agent));
        }
        return http.build();
    }

    private String host(@Nullable String host) {
        return host == null || host.isEmpty() ? podAddress : host;
    }

    private int port(IntOrString port) {
        var number = port.getIntVal();
        if (number != null) {
            return number;
        }
        var name = port.getStrVal();
        return container.getPorts().stream()
                .filter(candidate -> name.equals(candidate.getName()))
                .map(ContainerPort::getContainerPort)
                .findFirst()
                .orElseThrow(() ->
                        new ConfigurationException(
                                "couldn't find port: "
                                        + name
                                        + " in container "
                                        + container.getName()));
    }

    private static EnvironmentVariable variable(String name, String value) {
        return EnvironmentVariable.newBuilder().setName(name).setValue(value).build();
    }
}
