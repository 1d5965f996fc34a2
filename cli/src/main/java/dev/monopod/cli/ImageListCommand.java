package dev.monopod.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// What images this host has, how much disk each takes, and whether a machine uses it.
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = "List the images of this host.")
final class ImageListCommand implements Callable<Integer> {
    private static final int FIELDS = 5;
    private static final int DIGEST_LENGTH = "sha256:".length() + 12;

    @Mixin private CommonOptions options = new CommonOptions();

    /// One image, as the agent's program prints it.
    ///
    /// @param state used, unused or incomplete
    record Image(
            String digest, long bytes, String state, String lastUsed, List<String> references) {
        static Image parse(String line) {
            String[] fields = line.split("\t", -1);
            if (fields.length != FIELDS) {
                throw new CliException("the list of images has a line that is none: " + line);
            }
            return new Image(
                    fields[0],
                    Long.parseLong(fields[1]),
                    fields[2],
                    fields[3],
                    fields[4].isEmpty() ? List.of() : List.of(fields[4].split(",", -1)));
        }
    }

    @Override
    public Integer call() {
        Layout layout = options.layout();
        Programs.Result result =
                ImageCommand.java(
                        layout,
                        List.of(
                                "dev.monopod.host.image.ImageMain",
                                "list",
                                layout.data().resolve("images").toString()));
        if (!result.succeeded()) {
            throw new CliException("images can't be listed: " + result.lastLine());
        }
        List<Image> images = new ArrayList<>();
        result.output()
                .lines()
                .filter(line -> !line.isBlank())
                .map(Image::parse)
                .forEach(images::add);
        if (options.json()) {
            CommonOptions.printJson(Map.of("images", images));
            return 0;
        }
        Table table = new Table("IMAGE", "DIGEST", "MIB", "STATE", "LAST-USED");
        for (Image image : images) {
            for (String reference :
                    image.references().isEmpty() ? List.of("<none>") : image.references()) {
                table.row(
                        reference,
                        image.digest().substring(0, DIGEST_LENGTH),
                        Long.toString(image.bytes() >> 20),
                        image.state(),
                        Overview.age(image.lastUsed()));
            }
        }
        System.out.print(table);
        return 0;
    }
}
