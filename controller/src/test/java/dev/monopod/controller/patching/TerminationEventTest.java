package dev.monopod.controller.patching;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TerminationEventTest {
    /// AWS' sample, but for the id, which is made of the run and the pod here.
    @Test
    void isTheSampleOfEksToTheLetter() {
        var event = event("my-pod-name", "my-database-deployment");

        assertThat(event.body())
                .isEqualTo(
                        """
                        {"version":"0",\
                        "id":"%s",\
                        "detail-type":"EKS Fargate Pod Scheduled Termination",\
                        "source":"aws.eks",\
                        "account":"111122223333",\
                        "time":"2021-06-27T12:52:44Z",\
                        "region":"region-code",\
                        "resources":["default/my-database-deployment"],\
                        "detail":{"clusterName":"my-cluster",\
                        "fargateProfileName":"my-fargate-profile",\
                        "podName":"my-pod-name",\
                        "podNamespace":"default",\
                        "evictErrorMessage":"Cannot evict pod as it would violate the pod's disruption budget",\
                        "scheduledTerminationTime":"2021-06-30T12:52:44.832Z[UTC]"}}\
                        """
                                .formatted(event.id()));
        assertThat(event.message()).isEqualTo(event.body());
        assertThat(event("my-pod-name", "my-database-deployment").id()).isEqualTo(event.id());
        assertThat(event("other", "my-database-deployment").id()).isNotEqualTo(event.id());
    }

    @Test
    void aLongOneKeepsItsDetail() {
        var event =
                new TerminationEvent(
                        new TerminationEvent.Origin("111122223333", "r", "c".repeat(100)),
                        "run",
                        "f".repeat(100),
                        "m".repeat(253),
                        Targets.refused(Targets.target("p".repeat(253), "one")));

        assertThat(event.message())
                .startsWith("{\"clusterName\":")
                .contains("scheduledTerminationTime")
                .hasSizeLessThan(TerminationEvent.LONGEST_MESSAGE);
    }

    private static TerminationEvent event(String pod, String maker) {
        return new TerminationEvent(
                new TerminationEvent.Origin("111122223333", "region-code", "my-cluster"),
                "run",
                "my-fargate-profile",
                maker,
                Targets.refused(Targets.target(pod, "one")));
    }
}
