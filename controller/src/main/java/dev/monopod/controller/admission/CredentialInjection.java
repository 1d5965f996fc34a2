package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// What containers are given so that SDKs of AWS find credentials by a token: variables, and the
/// token's volume. Variables go in groups: of whose group a container sets one itself, it gets
/// none. Source: aws/amazon-eks-pod-identity-webhook, pkg/handler.
///
/// @param volume name of the token's
/// @param directory where it is mounted
/// @param file of the token in it
/// @param own the group that names role and token, in this order
/// @param extra with the group above, but for what a container sets itself
record CredentialInjection(
        String region,
        IamRoleSettings settings,
        String volume,
        String directory,
        String file,
        SequencedMap<String, String> own,
        Map<String, String> extra) {
    private static final String REGIONAL = "AWS_STS_REGIONAL_ENDPOINTS";
    private static final List<String> REGION = List.of("AWS_DEFAULT_REGION", "AWS_REGION");

    /// Changes the pod's spec in place; what is there already is left.
    void apply(ObjectNode spec) {
        for (var list : List.of("initContainers", "containers")) {
            for (var container : spec.path(list)) {
                if (!settings.skipped().contains(container.path("name").asText())) {
                    container((ObjectNode) container);
                }
            }
        }
        if (!hasNamed(spec.path("volumes"), volume)) {
            volume(spec.withArray("volumes"));
        }
    }

    private void container(ObjectNode container) {
        var set = container.path("env");
        var hasOwn = own.keySet().stream().anyMatch(name -> hasNamed(set, name));
        var hasRegion = REGION.stream().anyMatch(name -> hasNamed(set, name));
        var hasRegional = hasNamed(set, REGIONAL);
        if (hasOwn && hasRegion && hasRegional) {
            return;
        }
        var variables = container.withArray("env");
        if (!hasRegional && settings.regionalEndpoints()) {
            variable(variables, REGIONAL, "regional");
        }
        if (!hasRegion) {
            REGION.forEach(name -> variable(variables, name, region));
        }
        if (!hasOwn) {
            own.forEach((name, value) -> variable(variables, name, value));
            extra.forEach((name, value) -> {
                if (!hasNamed(variables, name)) {
                    variable(variables, name, value);
                }
            });
        }
        if (!hasNamed(container.path("volumeMounts"), volume)) {
            container
                    .withArray("volumeMounts")
                    .addObject()
                    .put("name", volume)
                    .put("mountPath", directory)
                    .put("readOnly", true);
        }
    }

    /// Before all others.
    private void volume(ArrayNode volumes) {
        volumes.insertObject(0)
                .put("name", volume)
                .putObject("projected")
                .putArray("sources")
                .addObject()
                .putObject("serviceAccountToken")
                .put("audience", settings.audience())
                .put("expirationSeconds", settings.tokenSeconds())
                .put("path", file);
    }

    private static void variable(ArrayNode variables, String name, String value) {
        variables.addObject().put("name", name).put("value", value);
    }

    private static boolean hasNamed(JsonNode list, String name) {
        for (var item : list) {
            if (item.path("name").asText().equals(name)) {
                return true;
            }
        }
        return false;
    }
}
