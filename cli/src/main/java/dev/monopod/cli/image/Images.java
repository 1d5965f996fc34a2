package dev.monopod.cli.image;

import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.host.image.ImageException;
import dev.monopod.host.image.StoredImages;
import java.nio.file.Path;
import java.util.List;

/// The images of this host.
public final class Images {
    private Images() {}

    static StoredImages of(Layout layout) {
        return new StoredImages(layout.data().resolve("images"), layout.dist().resolve("guest"));
    }

    /// References by which the images of the tar can be used; at least one.
    public static List<String> load(Layout layout, Path tar) {
        List<String> references;
        try {
            references = of(layout).load(tar.toAbsolutePath());
        } catch (ImageException failure) {
            throw new CliException("%s is not loaded: %s".formatted(tar, failure.getMessage()));
        }
        if (references.isEmpty()) {
            throw new CliException("%s is not loaded: it names no image".formatted(tar));
        }
        return references;
    }
}
