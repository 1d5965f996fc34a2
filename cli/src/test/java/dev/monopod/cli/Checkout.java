package dev.monopod.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/// The files of this checkout, for tests that hold text against text.
final class Checkout {
    static final Path ROOT =
            Stream.iterate(Path.of("").toAbsolutePath(), Objects::nonNull, Path::getParent)
                    .filter(folder -> Files.exists(folder.resolve("monopod")))
                    .findFirst()
                    .orElseThrow();

    private Checkout() {}

    static String read(String file) throws IOException {
        return Files.readString(ROOT.resolve(file));
    }
}
