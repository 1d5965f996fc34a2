package dev.monopod.cli.image;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Table;
import dev.monopod.cli.terminal.Text;
import dev.monopod.host.image.StoredImages;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
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
    private static final int DIGEST_LENGTH = "sha256:".length() + 12;

    private final Clock clock = Clock.systemUTC();
    @Mixin private CommonOptions options = new CommonOptions();

    /// One image, as the answer names it.
    ///
    /// @param state used, unused or incomplete
    record Image(
            String digest, long bytes, String state, String lastUsed, List<String> references) {
        static Image of(StoredImages.Image stored) {
            return new Image(
                    stored.digest(),
                    stored.bytes(),
                    stored.state().name().toLowerCase(Locale.ROOT),
                    stored.lastUsed().toString(),
                    stored.references());
        }
    }

    @Override
    public Integer call() {
        List<Image> images;
        try {
            images = Images.of(options.layout()).list().stream().map(Image::of).toList();
        } catch (IOException failure) {
            throw new CliException("cannot list the images: " + failure.getMessage());
        }
        if (options.json()) {
            CommonOptions.printJson(Map.of("images", images));
            return 0;
        }
        var table = new Table("IMAGE", "DIGEST", "MIB", "STATE", "LAST-USED");
        for (var image : images) {
            for (var reference :
                    image.references().isEmpty() ? List.of("<none>") : image.references()) {
                table.row(
                        reference,
                        image.digest().substring(0, DIGEST_LENGTH),
                        Long.toString(image.bytes() >> 20),
                        image.state(),
                        Text.age(image.lastUsed(), clock));
            }
        }
        System.out.print(table);
        return 0;
    }
}
