package dev.monopod.cli.installation;

import dev.monopod.cli.terminal.Json;
import dev.monopod.model.names.Defaults;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// Options of every command that speaks of this machine.
public final class CommonOptions {
    /// What an answer looks like.
    enum Format {
        text,
        json
    }

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "${env:MONOPOD_DATA:-" + Defaults.DATA_DIRECTORY + "}",
            description = "State that outlives a reboot (${DEFAULT-VALUE}).")
    Path data = Layout.DEFAULT_DATA;

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            hidden = true,
            defaultValue = "${env:MONOPOD_RUN:-" + Defaults.RUN_DIRECTORY + "}")
    Path run = Layout.DEFAULT_RUN;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text or json.")
    Format format = Format.text;

    public Layout layout() {
        return Layout.of(data, run);
    }

    public boolean json() {
        return format == Format.json;
    }

    /// The answer as JSON on standard output.
    public static void printJson(Object answer) {
        System.out.println(Json.write(answer));
    }
}
