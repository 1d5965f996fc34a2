package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.protocol.guest.ConfigureRequest;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class GuestIdentityTest {
    @Test
    void asksForUsersOfThePodsOwnOnlyWhenThePodDoes() {
        assertThat(request("{hostUsers: false}").getOwnUserNamespace()).isTrue();
        assertThat(request("{hostUsers: true}").getOwnUserNamespace()).isFalse();
        assertThat(request("{}").getOwnUserNamespace()).isFalse();
    }

    private static ConfigureRequest request(String spec) {
        var pod =
                Serialization.unmarshal(
                        "kind: Pod\nmetadata: {name: web}\nspec: " + spec, Pod.class);
        var view = new PodView(FakeHost.machine(), pod, Path.of("/nowhere"));
        return new GuestIdentity(
                        view, new MachineHandle("default/web", 512L << 20), "cluster.local")
                .request(1500, Instant.EPOCH);
    }
}
