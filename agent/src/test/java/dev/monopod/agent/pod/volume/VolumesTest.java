package dev.monopod.agent.pod.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.agent.pod.api.RecentSource;
import dev.monopod.agent.pod.spec.DownwardFields;
import dev.monopod.model.time.Clocks;
import dev.monopod.protocol.guest.VolumeFile;
import dev.monopod.protocol.guest.WriteVolumeRequest;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class VolumesTest {
    private static final String CONFIG =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {a: '1'}\n";

    private final FakeObjects objects = new FakeObjects();
    private final PodObjects known = new PodObjects("shop");

    private WriteVolumeRequest render(String podFields, String volume) {
        Pod pod =
                Serialization.unmarshal(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: web, namespace: shop, uid: u1}
                        spec:
                          %s
                          volumes: [{name: v, %s}]
                        """
                                .formatted(podFields, volume),
                        Pod.class);
        return new Volumes(
                        objects,
                        known,
                        new TokenVolumes(
                                objects, Clocks.of(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))),
                        new DownwardFields(
                                pod,
                                "10.0.0.2",
                                "10.0.0.2",
                                new DownwardFields.Allocatable(1000, 512L << 20, 0)))
                .render(pod.getSpec().getVolumes().getFirst());
    }

    private long memory(String podFields, String emptyDir) {
        return render(podFields, "emptyDir: {medium: Memory" + emptyDir + "}")
                .getEmptyDirectory()
                .getSizeLimitBytes();
    }

    @Test
    void aVolumeInMemoryIsAsLargeAsItsLimitThePodsOrTheMachines() {
        String limited = "containers: [{name: c, resources: {limits: {memory: 64Mi}}}]";
        assertThat(memory("containers: [{name: c}]", "")).isEqualTo(512L << 20);
        assertThat(memory(limited, "")).isEqualTo(64L << 20);
        assertThat(memory(limited, ", sizeLimit: 1Mi")).isEqualTo(1L << 20);
        assertThat(memory(limited, ", sizeLimit: 1Gi")).isEqualTo(64L << 20);
    }

    @Test
    void aVolumeOnTheDiskIsNotLimitedByItsFileSystem() {
        var made = render("containers: [{name: c}]", "emptyDir: {sizeLimit: 1Mi}");
        assertThat(made.getEmptyDirectory().getSizeLimitBytes()).isZero();
    }

    @Test
    void saysWhichKeyIsMissing() {
        objects.with(CONFIG)
                .with("apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {}\n");
        String items = "items: [{key: b, path: b}]";
        assertThatThrownBy(
                        () -> render("containers: []", "configMap: {name: config, " + items + "}"))
                .hasMessage("configmap references non-existent config key: b");
        assertThatThrownBy(
                        () -> render("containers: []", "secret: {secretName: keys, " + items + "}"))
                .hasMessage("references non-existent secret key: b");
        assertThat(
                        render(
                                        "containers: []",
                                        "secret: {secretName: keys, optional: true, " + items + "}")
                                .getFiles()
                                .getFilesList())
                .isEmpty();
    }

    @Test
    void asksOnceForWhatIsImmutable() {
        objects.with(CONFIG);
        render("containers: []", "configMap: {name: config}");
        objects.with(CONFIG.replace("'1'", "'2'") + "immutable: true\n");
        render("containers: []", "configMap: {name: config}");
        render("containers: []", "configMap: {name: config}");
        assertThat(objects.asked).hasSize(2);
    }

    @Test
    void aTokenBelongsToTheOneUserOfThePod() {
        String token = "projected: {sources: [{serviceAccountToken: {path: t}}], defaultMode: 420}";
        VolumeFile shared = render("containers: [{name: c}]", token).getFiles().getFiles(0);
        assertThat(shared.getMode()).isEqualTo(0644);
        assertThat(shared.hasUser()).isFalse();
        String user = "securityContext: {runAsUser: 1000, fsGroup: 5}\n  containers: [{name: c}]";
        VolumeFile owned = render(user, token).getFiles().getFiles(0);
        assertThat(owned.getMode()).isEqualTo(0600);
        assertThat(owned.getUser()).isEqualTo(1000);
    }

    @Test
    void podsShareWhatWasReadAMomentAgo() {
        var now = new AtomicReference<>(Instant.EPOCH);
        objects.with(CONFIG);
        RecentSource recent =
                new RecentSource(objects, ((InstantSource) now::get).withZone(ZoneOffset.UTC));
        recent.configMap("shop", "config");
        objects.with(CONFIG.replace("'1'", "'2'"));
        assertThat(recent.configMap("shop", "config").orElseThrow().getData())
                .containsEntry("a", "1");
        now.set(Instant.EPOCH.plus(RecentSource.FRESH).plus(Duration.ofMillis(1)));
        assertThat(recent.configMap("shop", "config").orElseThrow().getData())
                .containsEntry("a", "2");
    }
}
