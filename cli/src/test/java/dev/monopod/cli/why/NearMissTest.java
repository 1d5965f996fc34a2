package dev.monopod.cli.why;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class NearMissTest {
    @Test
    void namesTheLabelThatIsMissingAndTheEdit() {
        NearMiss.Advice advice =
                NearMiss.of(
                        pod("team-a", Map.of("app", "web")),
                        List.of(
                                profile(
                                        "p",
                                        "team-*",
                                        Map.of("app", "web", "tier", "serverless"))));

        assertThat(advice.reason())
                .isEqualTo(
                        "no profile matches; it lacks tier=serverless, which selector team-*{app=web,tier=serverless} of profile p asks for");
        assertThat(advice.field()).isEqualTo("metadata.labels");
        assertThat(advice.edit()).isEqualTo("add to metadata.labels:\ntier: serverless");
    }

    @Test
    void prefersTheSelectorOfItsNamespaceToOneOfAnother() {
        NearMiss.Advice advice =
                NearMiss.of(
                        pod("a", Map.of()),
                        List.of(
                                profile("other", "b", Map.of()),
                                profile("own", "a", Map.of("x", "1", "y", "2"))));

        assertThat(advice.reason()).contains("profile own");
    }

    @Test
    void proposesAProfileForANamespaceThatNoneSelects() {
        NearMiss.Advice advice =
                NearMiss.of(pod("other", Map.of()), List.of(profile("p", "default", Map.of())));

        assertThat(advice.reason()).startsWith("no profile selects namespace other");
        assertThat(advice.edit()).isEqualTo("monopod profile create other --namespace other");
    }

    @Test
    void saysSoIfThereIsNoProfileAtAll() {
        assertThat(NearMiss.of(pod("a", Map.of()), List.of()).reason())
                .startsWith("no profile exists");
    }

    @Test
    void wildcardsStandForAnythingAndForOneCharacter() {
        assertThat(NearMiss.matches("team-*", "team-")).isTrue();
        assertThat(NearMiss.matches("t?am", "team")).isTrue();
        assertThat(NearMiss.matches("t?am", "tam")).isFalse();
        assertThat(NearMiss.matches("a.c", "abc")).isFalse();
    }

    private static Pod pod(String namespace, Map<String, String> labels) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("pod")
                .withNamespace(namespace)
                .withLabels(labels)
                .endMetadata()
                .build();
    }

    private static FargateProfile profile(
            String name, String namespace, Map<String, String> labels) {
        FargateProfile profile = new FargateProfile();
        profile.getMetadata().setName(name);
        profile.setSpec(
                new FargateProfileSpec(
                        null,
                        List.of(new FargateProfileSpec.Selector(namespace, labels)),
                        List.of("private-a"),
                        null,
                        null,
                        null));
        return profile;
    }
}
