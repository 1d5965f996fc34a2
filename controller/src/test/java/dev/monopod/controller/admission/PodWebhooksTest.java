package dev.monopod.controller.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.monopod.controller.TestRoles;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.profile.ProfileQuota;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.support.PodShape.ClaimState;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.zjsonpatch.JsonPatch;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Rows F3, F9, F10, F11; contract, "Names that users and tools see".
final class PodWebhooksTest {
    private static final AdmissionSettings SETTINGS =
            new AdmissionSettings(
                    "us-west-2",
                    MemoryOverhead.EKS_256_MIB,
                    ProfileQuota.OF_EKS,
                    TestRoles.OPTIONAL);
    private static final String SELECTED = "{selectors: [{namespace: shop}], subnets: [a]}";

    private final FixedReads reads = new FixedReads().withProfile("web", SELECTED);

    @Test
    void completesAPodThatAProfileSelects() {
        JsonNode mutated =
                mutated(
                        """
                        metadata:
                          annotations: {CapacityProvisioned: 64vCPU 1GB, fargate.amazonaws.com/pod-sg: sg-1, keep: it}
                        spec: {containers: [{name: c}], schedulerName: default-scheduler, priority: 0, preemptionPolicy: Never}
                        """);

        assertThat(mutated)
                .isEqualTo(
                        yaml(
                                """
                                metadata:
                                  labels: {eks.amazonaws.com/fargate-profile: web}
                                  annotations:
                                    CapacityProvisioned: 0.25vCPU 0.5GB
                                    Logging: 'LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND'
                                    keep: it
                                spec:
                                  containers: [{name: c}]
                                  schedulerName: fargate-scheduler
                                  priorityClassName: system-node-critical
                                  priority: 2000001000
                                  preemptionPolicy: PreemptLowerPriority
                                """));
    }

    @Test
    void tellsThePodOfTheLoggingThatItComesTo() {
        reads.withLogging(
                PodLogging.of(
                        Map.of(
                                "output.conf",
                                "[OUTPUT]\n  Name kinesis\n  Match *\n  Sideways on")));

        assertThat(
                        mutated("{metadata: {annotations: {Logging: LoggingEnabled}}, spec: {}}")
                                .at("/metadata/annotations/Logging")
                                .asText())
                .isEqualTo("LoggingDisabled: LOG_DELIVERY_NOT_IMPLEMENTED");
    }

    @Test
    void changesNothingMoreTheSecondTime() {
        reads.withAccount("default", Map.of("eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/r"));
        JsonNode once = mutated("{metadata: {}, spec: {containers: [{name: c}]}}");

        assertThat(mutation(once))
                .isInstanceOfSatisfying(
                        Verdict.Changed.class, changed -> assertThat(changed.patch()).isEmpty());
    }

    @Test
    void givesContainersTheRoleOfTheirServiceAccount() {
        reads.withAccount("robot", Map.of("eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/r"));

        JsonNode mutated =
                mutated(
                        """
                        metadata: {}
                        spec:
                          serviceAccountName: robot
                          containers: [{name: c, env: [{name: AWS_REGION, value: own}]}]
                        """);

        assertThat(mutated.at("/spec/containers/0"))
                .isEqualTo(
                        yaml(
                                """
                                name: c
                                env:
                                - {name: AWS_REGION, value: own}
                                - {name: AWS_STS_REGIONAL_ENDPOINTS, value: regional}
                                - {name: AWS_ROLE_ARN, value: 'arn:aws:iam::1:role/r'}
                                - {name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token}
                                volumeMounts:
                                - {name: aws-iam-token, mountPath: /var/run/secrets/eks.amazonaws.com/serviceaccount, readOnly: true}
                                """));
        assertThat(mutated.at("/spec/volumes/0").toString())
                .isEqualTo(
                        "{\"name\":\"aws-iam-token\",\"projected\":{\"sources\":"
                                + "[{\"serviceAccountToken\":{\"audience\":\"sts.amazonaws.com\","
                                + "\"expirationSeconds\":86400,\"path\":\"token\"}}]}}");
    }

    @Test
    void leavesPodsOfDaemonSetsAndOptedOutPodsAlone() {
        assertThat(
                        mutation(
                                yaml(
                                        "{metadata: {ownerReferences: [{kind: DaemonSet, controller: true}]},"
                                                + " spec: {}}")))
                .isEqualTo(Verdict.Allowed.SILENTLY);
        assertThat(
                        mutation(
                                yaml(
                                        "{metadata: {annotations: {eks.amazonaws.com/compute-type: ec2}}, spec:"
                                                + " {}}")))
                .isEqualTo(Verdict.Allowed.SILENTLY);
    }

    @Test
    void warnsWhenTheLabelNamesNoMatchingProfile() {
        assertThat(
                        mutation(
                                yaml(
                                        "{metadata: {labels: {eks.amazonaws.com/fargate-profile: gone}}, spec:"
                                                + " {}}")))
                .isEqualTo(
                        new Verdict.Allowed(
                                List.of(
                                        "label eks.amazonaws.com/fargate-profile: gone does not bring the"
                                                + " pod to Fargate: there is no ACTIVE Fargate profile named"
                                                + " gone")));
    }

    @Test
    void tellsAdviceWithThePodThatItCompletes() {
        var pod = "{containers: [{name: c, ports: [{containerPort: 10250}]}]}";

        assertThat(mutation(yaml("{metadata: {}, spec: " + pod + "}")))
                .isInstanceOfSatisfying(
                        Verdict.Changed.class,
                        changed ->
                                assertThat(changed.warnings())
                                        .singleElement()
                                        .asString()
                                        .startsWith("spec.containers[0].ports[0].containerPort"));
    }

    /// One answer for both, so the API server need not ask twice.
    @Test
    void refusesWhatItWouldComplete() {
        var unsupported =
                yaml("{metadata: {}, spec: {hostNetwork: true, containers: [{name: c}]}}");

        assertThat(mutation(unsupported))
                .isInstanceOf(Verdict.Denied.class)
                .isEqualTo(validation("{hostNetwork: true, containers: [{name: c}]}"));
    }

    @Test
    void refusesUnsupportedPodsInEksWordsWithFieldAndRemedy() {
        assertThat(
                        validation(
                                "{hostNetwork: true, containers: [{name: c, securityContext: {privileged:"
                                        + " true}}]}"))
                .isEqualTo(
                        new Verdict.Denied(
                                403,
                                "Forbidden",
                                "Pod not supported on Fargate: fields not supported: HostNetwork, invalid"
                                        + " SecurityContext fields: Privileged. Remedy: spec.hostNetwork:"
                                        + " remove it or set it to false, the pod has a network interface of"
                                        + " its own; spec.containers[0].securityContext.privileged: remove it"
                                        + " or set it to false."));
    }

    @Test
    void refusesSizesBeyondTheLimit() {
        assertThat(validation("{containers: [{name: c, resources: {requests: {cpu: 17}}}]}"))
                .isInstanceOfSatisfying(
                        Verdict.Denied.class,
                        denied ->
                                assertThat(denied.message())
                                        .isEqualTo(
                                                "Pod not supported on Fargate: Your pod's cpu/memory"
                                                        + " requirements exceed the max Fargate"
                                                        + " configuration: the pod needs 17vCPU; the"
                                                        + " largest size is 16vCPU 120GB. Remedy: lower"
                                                        + " spec.containers[0].resources.requests, or"
                                                        + " annotate the pod with"
                                                        + " eks.amazonaws.com/compute-type: ec2 to keep"
                                                        + " it off profile web."));
    }

    @Test
    void warnsOfAPortThatIsItsNodes() {
        assertThat(
                        validation(
                                "{containers: [{name: c}, {name: d, ports: [{containerPort: 80},"
                                        + " {containerPort: 10250}]}]}"))
                .isInstanceOfSatisfying(
                        Verdict.Allowed.class,
                        allowed ->
                                assertThat(allowed.warnings())
                                        .singleElement()
                                        .asString()
                                        .startsWith(
                                                "spec.containers[1].ports[1].containerPort: 10250 is the"
                                                        + " port of the pod's own Node"));
    }

    @Test
    void waitsForClaimsButRefusesThoseBoundToOtherDrivers() {
        String spec =
                "{containers: [{name: c}], volumes: [{name: v, persistentVolumeClaim: {claimName:"
                        + " files}}]}";

        assertThat(validation(spec)).isEqualTo(Verdict.Allowed.SILENTLY);

        reads.withClaim("files", new ClaimState.ForeignDriver("pv-1", "ebs.csi.aws.com"));
        assertThat(validation(spec))
                .isInstanceOfSatisfying(
                        Verdict.Denied.class,
                        denied ->
                                assertThat(denied.message())
                                        .contains(
                                                "PVC files bound to invalid PV pv-1 with CSI Driver:"
                                                        + " ebs.csi.aws.com"));
    }

    @Test
    void letsUnsupportedPodsPassWhereTheProfileWantsThemPending() {
        FixedReads pending =
                new FixedReads()
                        .withProfile(
                                "web",
                                "{selectors: [{namespace: shop}], subnets: [a], unsupportedPods:"
                                        + " Pending}");

        assertThat(
                        new PodValidation(pending, SETTINGS)
                                .judge(
                                        new Review(
                                                "1",
                                                "shop",
                                                yaml("{metadata: {}, spec: {hostPID: true}}"))))
                .isEqualTo(Verdict.Allowed.SILENTLY);
    }

    private Verdict validation(String spec) {
        return new PodValidation(reads, SETTINGS)
                .judge(new Review("1", "shop", yaml("{metadata: {}, spec: " + spec + "}")));
    }

    private Verdict mutation(JsonNode pod) {
        return new PodMutation(reads, SETTINGS).judge(new Review("1", "shop", pod));
    }

    private JsonNode mutated(String pod) {
        JsonNode before = yaml(pod);
        return switch (mutation(before)) {
            case Verdict.Changed changed -> JsonPatch.apply(changed.patch(), before);
            case Verdict.Allowed allowed -> throw new AssertionError(allowed);
            case Verdict.Denied denied -> throw new AssertionError(denied);
        };
    }

    private static JsonNode yaml(String text) {
        return Serialization.unmarshal("---\n" + text, JsonNode.class);
    }
}
