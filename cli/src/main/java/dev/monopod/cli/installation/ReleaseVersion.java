package dev.monopod.cli.installation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a release says of itself in its file `release`.
///
/// @param version as its file name has it, such as 0.2.0 or 0.0.0-1a2b3c4d5e6f
/// @param commit that it was made from, in hexadecimal; empty in a checkout
public record ReleaseVersion(String version, String commit) {
    static final String FILE = "release";

    /// That of the folder; a checkout has that of its sources.
    ///
    /// @param dist what was built
    public static ReleaseVersion of(Path dist) {
        var file = dist.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return new ReleaseVersion(Layout.VERSION, "");
        }
        try {
            var words = Files.readString(file).strip().split("\\s+", 2);
            return new ReleaseVersion(words[0], words.length > 1 ? words[1] : "");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /// Whether this is a release, not a checkout.
    public static boolean isIn(Path dist) {
        return Files.isRegularFile(dist.resolve(FILE));
    }
}
