package dev.monopod.cli;

import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

    static Outcome.Ended run(String... command) {
        return (Outcome.Ended) new HostPrograms().run(Program.of(Duration.ofSeconds(60), command));
    }

    static String read(String file) throws IOException {
        return Files.readString(ROOT.resolve(file));
    }
}
