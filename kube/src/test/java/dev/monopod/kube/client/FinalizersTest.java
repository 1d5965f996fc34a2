package dev.monopod.kube.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.client.ScriptedApi.Answer;
import dev.monopod.kube.client.ScriptedApi.Request;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class FinalizersTest {
    private static final Pod POD =
            new PodBuilder()
                    .withNewMetadata()
                    .withNamespace("shop")
                    .withName("web")
                    .withUid("1")
                    .endMetadata()
                    .build();

    private final AtomicInteger conflicts = new AtomicInteger();

    @Test
    void leavesTheFinalizersOfOthersAndTriesAgainWhenTheObjectHasChanged() throws IOException {
        conflicts.set(1);
        try (var api = new ScriptedApi(this::serve);
                var client = api.client()) {
            new Finalizers(client).remove(POD, "ours");

            assertThat(api.requests())
                    .extracting(Request::method)
                    .containsExactly("GET", "PATCH", "GET", "PATCH");
            assertThat(api.requests().getLast().body())
                    .contains("\"finalizers\":[\"theirs\"]")
                    .contains("\"resourceVersion\":\"7\"");
        }
    }

    @Test
    void writesNothingThatIsThereAlready() throws IOException {
        try (var api = new ScriptedApi(this::serve);
                var client = api.client()) {
            new Finalizers(client).add(POD, "ours");

            assertThat(api.requests()).extracting(Request::method).containsExactly("GET");
        }
    }

    @Test
    void leavesAnotherObjectOfThatNameAlone() throws IOException {
        var another = new PodBuilder(POD).editMetadata().withUid("2").endMetadata().build();
        try (var api = new ScriptedApi(this::serve);
                var client = api.client()) {
            new Finalizers(client).remove(another, "ours");

            assertThat(api.requests()).extracting(Request::method).containsExactly("GET");
        }
    }

    private Answer serve(Request request) {
        return request.method().equals("PATCH") && conflicts.getAndDecrement() > 0
                ? Answer.failure(409)
                : new Answer(
                        200,
                        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"namespace\":\"shop\","
                                + "\"name\":\"web\",\"uid\":\"1\",\"resourceVersion\":\"7\","
                                + "\"finalizers\":[\"theirs\",\"ours\"]}}");
    }
}
