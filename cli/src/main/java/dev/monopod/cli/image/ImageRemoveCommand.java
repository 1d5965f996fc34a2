package dev.monopod.cli.image;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.CliException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Gives an image's disk space back; a pod that wants it has it pulled again.
@Command(
        name = "remove",
        mixinStandardHelpOptions = true,
        description = "Remove images that no machine uses.")
final class ImageRemoveCommand implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(
            paramLabel = "IMAGE",
            arity = "1..*",
            description = "Reference, or the beginning of a digest.")
    private List<String> images = List.of();

    @Override
    public Integer call() {
        var stored = Images.of(options.layout());
        List<String> removed = new ArrayList<>();
        try {
            for (var image : images) {
                removed.add(stored.remove(image));
            }
        } catch (IOException failure) {
            throw new CliException(String.valueOf(failure.getMessage()));
        }
        if (options.json()) {
            CommonOptions.printJson(Map.of("removed", removed));
        } else {
            removed.forEach(digest -> System.out.println("removed " + digest));
        }
        return 0;
    }
}
