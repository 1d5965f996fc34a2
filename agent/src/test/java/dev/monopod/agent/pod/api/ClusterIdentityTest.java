package dev.monopod.agent.pod.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterIdentityTest {
    @TempDir Path directory;
    private String uid = "first";

    private ClusterIdentity identity() {
        return new ClusterIdentity(directory.resolve("cluster-uid"), () -> uid);
    }

    @Test
    void anotherClusterIsKnownAfterARestartOfTheAgentToo() {
        assertThat(identity().same()).isTrue();
        uid = "second";

        assertThat(identity().same()).isFalse();
        uid = "first";
        assertThat(identity().same()).isTrue();
    }

    @Test
    void anotherClusterIsThisHostsOnceNothingOfTheOldOneIsLeft() {
        assertThat(identity().same()).isTrue();
        uid = "second";
        var identity = identity();
        assertThat(identity.same()).isFalse();

        identity.settle();

        assertThat(identity.same()).isTrue();
        assertThat(directory.resolve("cluster-uid")).hasContent("second");
        assertThat(Files.exists(directory.resolve("cluster-uid.new"))).isFalse();
    }
}
