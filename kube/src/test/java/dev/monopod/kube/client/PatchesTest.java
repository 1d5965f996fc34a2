package dev.monopod.kube.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.client.ScriptedApi.Answer;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class PatchesTest {
    private static final Pod POD =
            new PodBuilder()
                    .withNewMetadata()
                    .withNamespace("shop")
                    .withName("web")
                    .endMetadata()
                    .withNewSpec()
                    .withNodeName("one")
                    .endSpec()
                    .build();

    @Test
    void sendsOnlyWhatIsNamedAndClearsAFieldByNull() throws IOException {
        try (var api = new ScriptedApi(_ -> ok(POD));
                var client = api.client()) {
            new Patches(client)
                    .merge(POD, Map.of("spec", Collections.singletonMap("hostname", null)));

            assertThat(api.requests())
                    .singleElement()
                    .satisfies(request -> {
                        assertThat(request.method()).isEqualTo("PATCH");
                        assertThat(request.body()).isEqualTo("{\"spec\":{\"hostname\":null}}");
                    });
        }
    }

    @Test
    void answersWithTheObjectAsItIsAfterwards() throws IOException {
        var written = new PodBuilder(POD).editMetadata().withUid("1").endMetadata().build();
        try (var api = new ScriptedApi(_ -> ok(written));
                var client = api.client()) {
            assertThat(
                            new Patches(client)
                                    .strategicStatus(
                                            POD, Map.of("status", Map.of("phase", "Running")))
                                    .getMetadata()
                                    .getUid())
                    .isEqualTo("1");
        }
    }

    private static Answer ok(Pod pod) {
        return new Answer(200, Serialization.asJson(pod));
    }
}
