package dev.monopod.eks.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.eks.access.AccessEntry.Association;
import dev.monopod.eks.access.AccessEntry.Scope;
import dev.monopod.eks.wire.ApiResponse;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/// Answers as EKS writes them.
final class ApiAnswers {
    private static final String TYPE = "Content-Type";
    private static final String JSON = "application/json";

    private final ClusterIdentity cluster;

    ApiAnswers(ClusterIdentity cluster) {
        this.cluster = cluster;
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static ApiResponse ok(JsonNode body) {
        return new ApiResponse(200, Map.of(TYPE, JSON), bytes(body));
    }

    static ApiResponse problem(ApiProblem problem) {
        var body = object();
        for (var member :
                List.of("clusterName", "nodegroupName", "fargateProfileName", "addonName")) {
            body.putNull(member);
        }
        body.put("message", problem.getMessage());
        return new ApiResponse(
                problem.kind().status(),
                Map.of(TYPE, JSON, "x-amzn-ErrorType", problem.kind().type()),
                bytes(body));
    }

    private static byte[] bytes(JsonNode body) {
        return body.toString().getBytes(StandardCharsets.UTF_8);
    }

    ObjectNode entry(AccessEntry entry) {
        var body = object();
        var json =
                body.putObject("accessEntry")
                        .put("clusterName", cluster.name())
                        .put("principalArn", entry.principal().arn());
        var groups = json.putArray("kubernetesGroups");
        entry.groups().forEach(groups::add);
        json.put("accessEntryArn", cluster.entryArn(entry))
                .set("createdAt", seconds(entry.createdAt()));
        json.set("modifiedAt", seconds(entry.modifiedAt()));
        var tags = json.putObject("tags");
        entry.sortedTags().forEach(tags::put);
        json.put("username", entry.username()).put("type", entry.type().name());
        return body;
    }

    ObjectNode association(Association association) {
        var json = object().put("policyArn", association.policy().arn(cluster.partition()));
        var scope = json.putObject("accessScope");
        var namespaces =
                switch (association.scope()) {
                    case Scope.Cluster() -> {
                        scope.put("type", "cluster");
                        yield List.<String>of();
                    }
                    case Scope.Namespaces(List<String> patterns) -> {
                        scope.put("type", "namespace");
                        yield patterns;
                    }
                };
        var list = scope.putArray("namespaces");
        namespaces.forEach(list::add);
        json.set("associatedAt", seconds(association.associatedAt()));
        json.set("modifiedAt", seconds(association.modifiedAt()));
        return json;
    }

    /// With milliseconds, whatever they are, so that the number never gets an exponent.
    private static JsonNode seconds(Instant time) {
        return DecimalNode.valueOf(BigDecimal.valueOf(time.toEpochMilli(), 3));
    }
}
