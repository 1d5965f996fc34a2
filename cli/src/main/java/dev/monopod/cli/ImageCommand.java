package dev.monopod.cli;

import dev.monopod.host.image.ImageException;
import dev.monopod.host.image.StoredImages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
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
final class ImageCommand implements Runnable {
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
            List<String> references = ImageCommand.load(options.layout(), tar);
            if (options.json()) {
                CommonOptions.printJson(Map.of("references", references));
            } else {
                references.forEach(System.out::println);
            }
            return 0;
        }
    }

    static StoredImages images(Layout layout) {
        return new StoredImages(layout.data().resolve("images"));
    }

    /// References by which the images of the tar can be used; at least one.
    static List<String> load(Layout layout, Path tar) {
        List<String> references;
        try {
            references = images(layout).load(tar.toAbsolutePath());
        } catch (ImageException failure) {
            throw new CliException("%s is not loaded: %s".formatted(tar, failure.getMessage()));
        }
        if (references.isEmpty()) {
            throw new CliException("%s is not loaded: it names no image".formatted(tar));
        }
        return references;
    }

    static String sha256(Path file) {
        try (DigestInputStream stream =
                new DigestInputStream(
                        Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            stream.transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(stream.getMessageDigest().digest());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
