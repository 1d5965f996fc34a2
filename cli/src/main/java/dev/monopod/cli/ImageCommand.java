package dev.monopod.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
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

    /// References by which the images of the tar can be used; at least one.
    static List<String> load(Layout layout, Path tar) {
        Programs.Result result =
                java(
                        layout,
                        List.of(
                                "dev.monopod.host.image.ImageLoadMain",
                                layout.data().resolve("images").toString(),
                                tar.toAbsolutePath().toString()));
        List<String> references =
                result.output().lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
        if (!result.succeeded() || references.isEmpty()) {
            throw new CliException("%s is not loaded: %s".formatted(tar, result.lastLine()));
        }
        return references;
    }

    /// Runs a main class of the agent to its end.
    static Programs.Result java(Layout layout, List<String> mainAndArguments) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Layout.java(),
                                "-Xmx256m",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                layout.classPath()));
        command.addAll(mainAndArguments);
        return Programs.run(Duration.ofMinutes(5), command);
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
