package dev.monopod.controller.patching;

import dev.monopod.kube.api.PatchRunStatus.Refused;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// EKS' event of an eviction that was refused, as EventBridge gives it on. Source: the sample in
/// "Set actions for AWS Fargate OS patching events". Said again, it is the same to the letter.
///
/// @param cluster that the pod is in
/// @param run UID of the round of patching
/// @param profile that selected the pod
/// @param maker what made it, such as its Deployment
record TerminationEvent(Origin cluster, String run, String profile, String maker, Refused refused) {
    /// The reason of the Kubernetes event: EKS' `detail-type` without spaces.
    static final String REASON = "EKSFargatePodScheduledTermination";

    /// An event of Kubernetes holds so many bytes.
    static final int LONGEST_MESSAGE = 1024;

    private static final KubernetesSerialization JSON = new KubernetesSerialization();

    /// What an event says of its cluster.
    record Origin(String account, String region, String clusterName) {}

    /// The body that is posted.
    String body() {
        var body = new LinkedHashMap<String, Object>();
        body.put("version", "0");
        body.put("id", id());
        body.put("detail-type", "EKS Fargate Pod Scheduled Termination");
        body.put("source", "aws.eks");
        body.put("account", cluster.account());
        body.put(
                "time",
                Instant.parse(refused.refusedAt()).truncatedTo(ChronoUnit.SECONDS).toString());
        body.put("region", cluster.region());
        body.put("resources", List.of(refused.namespace() + "/" + maker));
        body.put("detail", detail());
        return JSON.asJson(body);
    }

    /// What the Kubernetes event says: the body, or its detail where that is too long.
    String message() {
        var body = body();
        return body.getBytes(StandardCharsets.UTF_8).length <= LONGEST_MESSAGE
                ? body
                : JSON.asJson(detail());
    }

    /// The same each time that it is said, so that who gets it twice can tell.
    String id() {
        return UUID.nameUUIDFromBytes((run + " " + refused.uid()).getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    private Map<String, String> detail() {
        var detail = new LinkedHashMap<String, String>();
        detail.put("clusterName", cluster.clusterName());
        detail.put("fargateProfileName", profile);
        detail.put("podName", refused.name());
        detail.put("podNamespace", refused.namespace());
        detail.put("evictErrorMessage", refused.evictErrorMessage());
        // As Java writes a time with its zone, which is where EKS' odd form comes from.
        detail.put(
                "scheduledTerminationTime",
                Instant.parse(refused.scheduledTerminationTime())
                        .atZone(ZoneId.of("UTC"))
                        .toString());
        return detail;
    }
}
