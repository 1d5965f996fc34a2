package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryConfigurationTest {
    @TempDir private Path directory;

    private RegistryConfiguration read(String json) throws IOException {
        return RegistryConfiguration.read(
                Files.writeString(directory.resolve("registries.json"), json));
    }

    private void refused(String json, String... parts) {
        assertThatIOException()
                .isThrownBy(() -> read(json))
                .withMessageContainingAll(parts)
                .withMessageContaining("registries.json");
    }

    @Test
    void readsMirrorsInTheirOrder() throws Exception {
        var settings =
                read(
                        "[{\"registry\":\"docker.io\",\"mirror\":\"a:1\",\"mirrors\":[\"b\",\"a:1\"]}]");

        assertThat(settings.of("docker.io").allMirrors()).containsExactly("a:1", "b");
        assertThat(settings.of("127.0.0.1:5000").plainHttp()).isTrue();
        assertThat(settings.of("elsewhere.io").plainHttp()).isFalse();
        assertThat(RegistryConfiguration.read(directory.resolve("none")).registries()).isEmpty();
    }

    @Test
    void namesTheEntryAndWhatIsWrongWithIt() {
        refused("[{\"registry\":\"https://r.io\"}]", "entry 1 (https://r.io)", "HOST or HOST:PORT");
        refused("[{\"registry\":\"r.io\"},{\"mirror\":\"m\"}]", "entry 2 (no name)");
        refused("[{\"registry\":\"r.io\",\"mirror\":\"http://m\"}]", "mirror \"http://m\"");
        refused("[{\"registry\":\"r.io\",\"mirror\":\"r.io\"}]", "its own mirror");
        refused("[{\"registry\":\"r.io\"},{\"registry\":\"r.io\"}]", "entry 2", "already");
        refused("[{\"registry\":\"r.io\",\"username\":\"u\"}]", "belong together");
        refused("[{\"registry\":\"r.io\",\"caFile\":\"/none\"}]", "/none");
        refused("[{\"registry\":\"r.io\",\n\"mirorr\":\"m\"}]", "mirorr", "line 2");
        refused("[{", "line 1");
    }
}
