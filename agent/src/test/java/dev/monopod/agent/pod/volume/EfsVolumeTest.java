package dev.monopod.agent.pod.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.agent.pod.spec.ConfigurationException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EfsVolumeTest {
    @ParameterizedTest
    @CsvSource({
        "fs-01ab, fs-01ab, /,",
        "fs-01ab:/data, fs-01ab, /data,",
        "fs-01ab:data/set, fs-01ab, /data/set,",
        "fs-01ab::fsap-9f, fs-01ab, /, fsap-9f",
        "fs-01ab:/data:fsap-9f, fs-01ab, /data, fsap-9f",
    })
    void readsHandles(String handle, String fileSystem, String path, String accessPoint) {
        assertThat(EfsVolume.parse(handle))
                .isEqualTo(new EfsVolume(fileSystem, path, Optional.ofNullable(accessPoint)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "vol-1", "fs-", "fs-1:/a:b", "fs-1:/a:fsap-1:x", "fs-1;rm"})
    void refusesWhatIsNoHandle(String handle) {
        assertThatThrownBy(() -> EfsVolume.parse(handle))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("is not of the form fs-ID[:PATH[:fsap-ID]]");
    }

    @Test
    void knowsTheNameThatAwsGives() {
        assertThat(EfsVolume.parse("fs-01ab").awsServer("eu-west-1"))
                .isEqualTo("fs-01ab.efs.eu-west-1.amazonaws.com");
    }
}
