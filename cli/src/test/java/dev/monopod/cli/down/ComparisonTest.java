package dev.monopod.cli.down;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.cli.installation.HostSnapshot;
import dev.monopod.cli.installation.Layout;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ComparisonTest {
    private static final Layout LAYOUT =
            new Layout(Path.of("/c/dist"), Path.of("/var/lib/monopod"), Path.of("/run/monopod"));

    @Test
    void tellsWhatIsLeftFromWhatOthersDidMeanwhile() {
        HostSnapshot before = new HostSnapshot(Map.of("links", Set.of("lo", "eth0")));
        HostSnapshot after =
                new HostSnapshot(Map.of("links", Set.of("lo", "mp-default", "docker0")));

        Comparison comparison = new Comparison(before, after, LAYOUT);

        assertThat(comparison.left()).isEqualTo(Map.of("links", Set.of("mp-default")));
        assertThat(comparison.others()).isEqualTo(Map.of("links", Set.of("docker0")));
    }

    @Test
    void everyProcessThatAppearsIsOurs() {
        HostSnapshot before = new HostSnapshot(Map.of());
        HostSnapshot after = new HostSnapshot(Map.of("processes", Set.of("42 qemu-system-x86_64")));

        assertThat(new Comparison(before, after, LAYOUT).left()).containsKey("processes");
    }

    @Test
    void goesByNamesAloneWithoutASnapshotFromBefore() {
        HostSnapshot after =
                new HostSnapshot(
                        Map.of("mounts", Set.of("/proc (proc)", "/run/monopod/x (tmpfs)")));

        Comparison comparison = new Comparison(null, after, LAYOUT);

        assertThat(comparison.left()).isEqualTo(Map.of("mounts", Set.of("/run/monopod/x (tmpfs)")));
        assertThat(comparison.others()).isEmpty();
    }

    @Test
    void mountsBesideItsFoldersAreOthersDoing() {
        var others =
                Set.of(
                        "/run/monopod-rival/containerd (tmpfs)",
                        "/var/lib/monopod2 (ext4)",
                        "/srv/monopod (ext4)",
                        "/mnt/run/monopod/x (ext4)");
        var ours = Set.of("/run/monopod (tmpfs)", "/var/lib/monopod/a\\040b (tmpfs)");
        Set<String> all = new HashSet<>(others);
        all.addAll(ours);

        var comparison =
                new Comparison(
                        new HostSnapshot(Map.of()),
                        new HostSnapshot(Map.of("mounts", all)),
                        LAYOUT);

        assertThat(comparison.left()).isEqualTo(Map.of("mounts", ours));
        assertThat(comparison.others()).isEqualTo(Map.of("mounts", others));
    }

    @Test
    void knowsMonopodsNames() {
        assertThat(HostSnapshot.named("table ip monopod")).isTrue();
        assertThat(HostSnapshot.named("192.168.0.0/16 dev mp-default scope link")).isTrue();
        assertThat(HostSnapshot.named("mp-0a1b2c3d")).isTrue();
        assertThat(HostSnapshot.named("table ip monopod_hosts")).isTrue();
        assertThat(HostSnapshot.named("monopod-vpc-default")).isTrue();
        assertThat(HostSnapshot.named("/sys/fs/cgroup/cpu/monopod/m-1")).isTrue();
        assertThat(HostSnapshot.named("lamp-post")).isFalse();
        assertThat(HostSnapshot.named("br-monopod")).isFalse();
        assertThat(HostSnapshot.named("monopodium0")).isFalse();
        assertThat(HostSnapshot.named("10.1.0.0/16 dev monopod2 scope link")).isFalse();
        assertThat(HostSnapshot.named("table ip my_monopod")).isFalse();
        assertThat(HostSnapshot.named("eth0")).isFalse();
    }

    @Test
    void countsEachKindBeforeAndAfter() {
        HostSnapshot before = new HostSnapshot(Map.of("links", Set.of("lo", "eth0")));
        HostSnapshot after = new HostSnapshot(Map.of("links", Set.of("lo", "eth0", "mp-a")));
        Comparison comparison = new Comparison(before, after, LAYOUT);

        assertThat(comparison.counts(true)).isEqualTo(Map.of("links", 2));
        assertThat(comparison.counts(false)).isEqualTo(Map.of("links", 3));
        assertThat(comparison.table())
                .hasToString(
                        "KIND    BEFORE UP   AFTER DOWN   LEFT\nlinks   2           3            1\n");
    }

    @Test
    void countsNothingBeforeWithoutASnapshot() {
        Comparison comparison =
                new Comparison(null, new HostSnapshot(Map.of("links", Set.of("lo"))), LAYOUT);

        assertThat(comparison.counts(true)).isEmpty();
        assertThat(comparison.table()).asString().contains("links   -");
    }

    @Test
    void whatWentMeanwhileIsNotLeft() {
        HostSnapshot before = new HostSnapshot(Map.of("links", Set.of("lo", "mp-old")));
        HostSnapshot after = new HostSnapshot(Map.of("links", Set.of("lo")));

        assertThat(new Comparison(before, after, LAYOUT).left()).isEmpty();
        assertThat(new Comparison(before, after, LAYOUT).others()).isEmpty();
    }

    @Test
    void whatWasThereBeforeIsNotLeftByUs() {
        HostSnapshot before = new HostSnapshot(Map.of("links", Set.of("mp-mine")));

        assertThat(new Comparison(before, before, LAYOUT).left()).isEmpty();
    }
}
