package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ImageManifestTest {
    @Test
    void keepsTheVolumesThatAContainerCanHave() {
        assertThat(read("{\"Volumes\": {\"/data\": {}, \"relative\": {}, \"/var/lib/db\": null}}"))
                .satisfies(image ->
                        assertThat(image.config().volumes())
                                .containsExactly("/data", "/var/lib/db"));
        assertThat(read("{}").config().volumes()).isEmpty();
        assertThat(read("{\"Volumes\": null}").config().volumes()).isEmpty();
    }

    private static ImageManifest read(String settings) {
        var config =
                "{\"rootfs\": {\"diff_ids\": []}, \"config\": %s}"
                        .formatted(settings)
                        .getBytes(StandardCharsets.UTF_8);
        var manifest =
                "{\"config\": {\"digest\": \"%s\"}, \"layers\": []}"
                        .formatted(ImageManifest.digest(config))
                        .getBytes(StandardCharsets.UTF_8);
        var source =
                new BlobSource() {
                    @Override
                    public byte[] manifest(String tagOrDigest) {
                        return manifest;
                    }

                    @Override
                    public InputStream blob(String digest, long mostBytes) {
                        return new ByteArrayInputStream(config);
                    }
                };
        return ImageManifest.read(source, "latest", "app:latest");
    }
}
