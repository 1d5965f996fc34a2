package dev.monopod.controller.crd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.IngressClassParams;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class ClassParamsTest {
    @Test
    void definesWhatIsRead() {
        var spec = ClassParams.definition().getSpec();
        var kind = ResourceDefinitionContext.fromResourceType(IngressClassParams.class);

        assertThat(spec.getGroup()).isEqualTo(kind.getGroup());
        assertThat(spec.getVersions().getFirst().getName()).isEqualTo(kind.getVersion());
        assertThat(spec.getNames().getKind()).isEqualTo(kind.getKind());
        assertThat(spec.getNames().getPlural()).isEqualTo(kind.getPlural());
        assertThat(kind.isNamespaceScoped()).isFalse();
    }

    @Test
    void readsAwsOwnManifestsWithWhatItDoesNotKnow() {
        var read =
                Serialization.unmarshal(
                        """
                        apiVersion: elbv2.k8s.aws/v1beta1
                        kind: IngressClassParams
                        metadata: {name: trusted}
                        spec:
                          scheme: internal
                          group: {name: all}
                          namespaceSelector: {matchLabels: {team: web}}
                        """,
                        IngressClassParams.class);

        var spec = Objects.requireNonNull(read.getSpec());
        assertThat(read.getMetadata().getName()).isEqualTo("trusted");
        assertThat(Objects.requireNonNull(spec.group()).name()).isEqualTo("all");
        assertThat(Objects.requireNonNull(spec.namespaceSelector()).getMatchLabels())
                .containsEntry("team", "web");
    }
}
