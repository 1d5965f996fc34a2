package dev.monopod.cli.image;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.CliException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Images of this host without a registry.
@Command(
        name = "image",
        mixinStandardHelpOptions = true,
        description = "Images of this host.",
        subcommands = {ImageCommand.Load.class, ImageListCommand.class, ImageRemoveCommand.class},
        synopsisSubcommandLabel = "(load | list | remove)")
public final class ImageCommand implements Runnable {
    @picocli.CommandLine.Spec
    private picocli.CommandLine.Model.CommandSpec spec =
            picocli.CommandLine.Model.CommandSpec.create();

    @Override
    public void run() {
        throw new picocli.CommandLine.ParameterException(
                spec.commandLine(), "image: say load, list or remove");
    }

    /// Imports a tar, so that pods can use its images offline.
    @Command(
            name = "load",
            mixinStandardHelpOptions = true,
            description = "Import every image of an OCI layout or `docker save` tar.")
    static final class Load implements Callable<Integer> {
        @Mixin private CommonOptions options = new CommonOptions();

        @Parameters(paramLabel = "TAR", description = "The file.")
        private Path tar = Path.of("");

        @Override
        public Integer call() {
            if (!Files.isReadable(tar)) {
                throw new CliException(tar + ": no such file, or not readable");
            }
            var references = Images.load(options.layout(), tar);
            if (options.json()) {
                CommonOptions.printJson(Map.of("references", references));
            } else {
                references.forEach(System.out::println);
            }
            return 0;
        }
    }
}
