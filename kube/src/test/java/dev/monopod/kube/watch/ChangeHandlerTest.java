package dev.monopod.kube.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.client.Selection;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ChangeHandlerTest {
    private final AtomicInteger told = new AtomicInteger();
    private final ChangeHandler<Pod> labelled =
            ChangeHandler.anyOf(Selection.labelled("gated")::hasLabels, told::incrementAndGet);

    private static Pod pod(String version, String label) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("web")
                .withResourceVersion(version)
                .addToLabels(label, "")
                .endMetadata()
                .build();
    }

    @Test
    void tellsOfSelectedObjectsAlone() {
        labelled.onAdd(pod("1", "gated"));
        labelled.onUpdate(pod("1", "gated"), pod("2", "gated"));
        labelled.onDelete(pod("2", "gated"), false);
        assertThat(told).hasValue(3);

        labelled.onAdd(pod("1", "other"));
        labelled.onUpdate(pod("1", "other"), pod("2", "other"));
        labelled.onDelete(pod("2", "other"), false);
        labelled.onAdd(new PodBuilder().withNewMetadata().endMetadata().build());
        assertThat(told).hasValue(3);
    }

    @Test
    void tellsOfAnObjectThatIsSelectedNoMore() {
        labelled.onUpdate(pod("1", "gated"), pod("2", "other"));
        labelled.onUpdate(pod("2", "other"), pod("3", "gated"));

        assertThat(told).hasValue(2);
    }

    @Test
    void aResyncIsNoChange() {
        labelled.onUpdate(pod("1", "gated"), pod("1", "gated"));

        assertThat(told).hasValue(0);
    }
}
