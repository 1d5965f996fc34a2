package dev.monopod.agent.pod.spec;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Environment variables that tell of services, `NAME_SERVICE_HOST` and the Docker-link ones.
final class ServiceVariables {
    private ServiceVariables() {}

    static Map<String, String> of(List<Service> services) {
        Map<String, String> variables = new LinkedHashMap<>();
        for (var service : services) {
            var address = service.getSpec().getClusterIP();
            var ports = service.getSpec().getPorts();
            if (address == null
                    || address.isEmpty()
                    || address.equals("None")
                    || ports == null
                    || ports.isEmpty()) {
                continue;
            }
            var prefix = upper(service.getMetadata().getName());
            variables.put(prefix + "_SERVICE_HOST", address);
            variables.put(prefix + "_SERVICE_PORT", ports.getFirst().getPort().toString());
            for (var port : ports) {
                if (port.getName() != null && !port.getName().isEmpty()) {
                    variables.put(
                            prefix + "_SERVICE_PORT_" + upper(port.getName()),
                            port.getPort().toString());
                }
            }
            links(variables, prefix, address, ports);
        }
        return variables;
    }

    private static void links(
            Map<String, String> variables, String prefix, String address, List<ServicePort> ports) {
        var first = true;
        for (var port : ports) {
            var protocol = port.getProtocol() == null ? "TCP" : port.getProtocol();
            var url = protocol.toLowerCase(Locale.ROOT) + "://" + address + ":" + port.getPort();
            if (first) {
                variables.put(prefix + "_PORT", url);
                first = false;
            }
            var each = prefix + "_PORT_" + port.getPort() + "_" + protocol;
            variables.put(each, url);
            variables.put(each + "_PROTO", protocol.toLowerCase(Locale.ROOT));
            variables.put(each + "_PORT", port.getPort().toString());
            variables.put(each + "_ADDR", address);
        }
    }

    private static String upper(String name) {
        return name.toUpperCase(Locale.ROOT).replace('-', '_');
    }
}
