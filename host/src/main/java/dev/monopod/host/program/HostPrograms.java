package dev.monopod.host.program;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;

/// The [ProgramRunner] of the real host, and the only class that starts processes. Each program
/// leads a session and a process group of its own, so that all of it can be signalled as one.
public final class HostPrograms implements ProgramRunner {
    private static final String PATH = "PATH";
    private static final String USUAL_PATH =
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final File NOTHING = new File("/dev/null");

    @Override
    public Outcome run(Program program) {
        try {
            return new Run(program, launch(builder(program))).outcome();
        } catch (IOException e) {
            return new Outcome.NotStarted(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public Running start(Program program, Path log) throws ProgramFailure {
        try {
            return new StartedProcess(
                    launch(
                            builder(program)
                                    .directory(new File("/"))
                                    .redirectInput(NOTHING)
                                    .redirectErrorStream(true)
                                    .redirectOutput(Redirect.appendTo(log.toFile()))));
        } catch (IOException e) {
            throw new ProgramFailure("cannot run %s: %s".formatted(program, e.getMessage()), e);
        }
    }

    private static ProcessBuilder builder(Program program) {
        // In place of itself, since a child of this process leads no group: the number stays.
        var line = new ArrayList<String>();
        line.add("setsid");
        line.addAll(program.command());
        var builder = new ProcessBuilder(line);
        builder.environment()
                .putAll(
                        switch (program.environment()) {
                            case Program.Environment.Inherited(var added) -> added;
                            case Program.Environment.Bare(var added) -> {
                                builder.environment().clear();
                                builder.environment().put(PATH, USUAL_PATH);
                                yield added;
                            }
                        });
        return builder;
    }

    /// Looks for the program first: setsid could only tell by an exit code.
    private static Process launch(ProcessBuilder builder) throws IOException {
        var name = builder.command().get(1);
        if (find(name, builder.environment()).isEmpty()) {
            throw new IOException(
                    name.indexOf('/') < 0
                            ? "there is no program %s on the PATH".formatted(name)
                            : "there is no program " + name);
        }
        return builder.start();
    }

    private static Optional<Path> find(String name, Map<String, String> environment) {
        if (name.indexOf('/') >= 0) {
            return Optional.of(Path.of(name)).filter(Files::isExecutable);
        }
        for (var folder : environment.getOrDefault(PATH, USUAL_PATH).split(":", -1)) {
            var file = Path.of(folder).resolve(name);
            if (Files.isExecutable(file) && !Files.isDirectory(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }
}
