package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
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

    @Test
    void choosesTheProxyOfTheHostElseThatOfAll() throws Exception {
        var settings =
                read(
                        """
                        [{"registry": "*", "proxy": "http://proxy.example:3128"},
                         {"registry": "Direct.example", "proxy": ""},
                         {"registry": "own.example:5000", "proxy": "http://jane:a%40b+c@192.0.2.1:8080/"},
                         {"registry": "127.0.0.1:5055", "plainHttp": true}]
                        """);

        assertThat(settings.proxy("docker.io"))
                .contains(new RegistryProxy("proxy.example", 3128, Optional.empty()));
        assertThat(settings.proxy("direct.example")).isEmpty();
        assertThat(settings.proxy("own.example:5000"))
                .contains(
                        new RegistryProxy(
                                "192.0.2.1",
                                8080,
                                Optional.of(new RegistryProxy.Credential("jane", "a@b+c"))));
        assertThat(settings.proxy("own.example"))
                .map(RegistryProxy::host)
                .contains("proxy.example");
        assertThat(settings.proxy("127.0.0.1:5055")).isEmpty();
        assertThat(settings.named())
                .containsExactlyInAnyOrder("direct.example", "own.example:5000", "127.0.0.1:5055");
        assertThat(settings.of("docker.io").allMirrors()).isEmpty();
        assertThat(settings.proxy("own.example:5000").toString()).doesNotContain("a@b+c");
    }

    @Test
    void namesAProxyThatIsNone() {
        for (var proxy :
                new String[] {
                    "proxy.example:3128",
                    "https://proxy.example:3128",
                    "http://proxy.example",
                    "http://proxy.example:3128/path",
                    "http://secret@proxy.example:3128",
                    "http://proxy.example:99999",
                    "socks5://proxy.example:1080",
                    "http://u:se cret@p:1"
                }) {
            refused(
                    "[{\"registry\":\"r.io\",\"proxy\":\"" + proxy + "\"}]",
                    "entry 1 (r.io)",
                    "proxy must be http://[USER:PASSWORD@]HOST:PORT");
        }
        refused("[{\"registry\":\"*\"}]", "entry 1 (*)", "a proxy, and nothing else");
        refused(
                "[{\"registry\":\"*\",\"proxy\":\"http://p:1\",\"mirror\":\"m\"}]",
                "a proxy, and nothing else");
    }
}
