package dev.monopod.host.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageReferenceTest {
    private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);

    @ParameterizedTest
    @CsvSource({
        "nginx, docker.io/library/nginx:latest",
        "nginx:1.27, docker.io/library/nginx:1.27",
        "me/app, docker.io/me/app:latest",
        "docker.io/nginx, docker.io/library/nginx:latest",
        "index.docker.io/me/app:2, docker.io/me/app:2",
        "localhost/app, localhost/app:latest",
        "localhost:5000/app:2, localhost:5000/app:2",
        "registry:5000/a/b/c, registry:5000/a/b/c:latest",
        "127.0.0.1:5000/a-b/c__d.e, 127.0.0.1:5000/a-b/c__d.e:latest",
        "quay.io/x/y:V1.0-rc_2, quay.io/x/y:V1.0-rc_2"
    })
    void spellsOut(String text, String full) {
        assertEquals(full, ImageReference.parse(text).toString());
    }

    @Test
    void prefersTheDigestOverTheTag() {
        var both = ImageReference.parse("nginx:1@" + DIGEST);
        assertEquals(DIGEST, both.tagOrDigest());
        assertEquals("docker.io/library/nginx:1@" + DIGEST, both.toString());
        assertEquals("", ImageReference.parse("nginx@" + DIGEST).tag());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "/",
                "nginx:",
                "Nginx",
                "a//b",
                "a/../b",
                "nginx@",
                "nginx@sha256:12",
                "nginx@md5:12",
                "a b",
                "https://x.y/z",
                "x.y:port/z",
                "a___b",
                "nginx:-1"
            })
    void refuses(String text) {
        var e = assertThrows(ImageException.class, () -> ImageReference.parse(text));
        assertEquals(ImageException.Reason.INVALID_NAME, e.reason());
    }
}
