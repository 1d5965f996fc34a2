package dev.monopod.cli.join;

import dev.monopod.cli.doctor.Preflight;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.HostNames;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Underlays;
import dev.monopod.cli.terminal.Steps;
import dev.monopod.cli.up.UpSteps;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Makes this machine a host of a cluster whose control plane `monopod up` started on another one.
/// All that can be refused is refused before anything is made here.
@Command(
        name = "join",
        mixinStandardHelpOptions = true,
        description =
                "Make this machine a host of another machine's cluster; `monopod token create` there prints this command.")
public final class JoinCommand implements Callable<Integer> {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?");

    private static final int TOKEN_LIMIT = 1 << 10;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(paramLabel = "ADDRESS[:PORT]", description = "The cluster's API server.")
    private String server = "";

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File with the token that `token create` made; - is the standard input.")
    private @Nullable String tokenFile;

    @Option(
            names = "--token",
            paramLabel = "ID.SECRET",
            description =
                    "The token itself. Every user of this machine can read it while this runs; better: --token-file.")
    private @Nullable String token;

    @Option(
            names = "--ca-hash",
            required = true,
            paramLabel = "sha256:HEX",
            description = "Hash of the public key of the cluster's authority.")
    private String hash = "";

    @Option(names = "--host-name", description = "Name of the Host (default: the hostname).")
    private @Nullable String hostName;

    @Option(
            names = "--underlay-address",
            paramLabel = "ADDRESS",
            description =
                    "Address by which the other hosts reach this one (default: that by which it reaches the API server).")
    private @Nullable String underlay;

    @Override
    public Integer call() throws Exception {
        var layout = options.layout();
        var out = options.json() ? System.err : System.out;
        if (token != null) {
            System.err.println(
                    "warning: --token shows the token to every user of this machine; --token-file - reads it from the standard input");
        }
        var steps = new Steps(out);
        var join = new JoinSteps(layout, steps, request());
        Preflight.require(layout, Preflight.Role.HOST_ONLY, steps);
        var credentials = Files.createTempDirectory("monopod-join");
        Installation installation;
        try {
            steps.step("credentials", () -> join.credentials(credentials));
            installation = steps.step("place in the cluster", () -> join.place(credentials));
        } finally {
            remove(credentials);
        }
        var up = new UpSteps(layout, installation, steps);
        steps.step("network of the VPC " + installation.network().range(), () -> up.network());
        Preflight.accelerator(layout, steps);
        up.processes();
        up.host();
        if (options.json()) {
            CommonOptions.printJson(
                    Map.of("host", installation.hostName(), "address", installation.hostAddress()));
        } else {
            out.printf(
                    "%nHost %s is in the cluster of %s, at %s. To leave it: monopod down%n",
                    installation.hostName(), server, installation.hostAddress());
        }
        return 0;
    }

    private JoinSteps.Request request() {
        var name = hostName != null ? hostName : HostNames.own();
        if (!NAME.matcher(name).matches()) {
            throw usage(
                    "--host-name %s: not lower-case letters, digits, '-' and '.'".formatted(name));
        }
        if (underlay != null && !Underlays.exists(underlay)) {
            throw usage("--underlay-address %s: no link has it".formatted(underlay));
        }
        return new JoinSteps.Request(
                parsed("", () -> ApiServer.parse(server)),
                token(),
                parsed("--ca-hash %s: ".formatted(hash), () -> new AuthorityHash(hash)),
                name,
                Optional.ofNullable(underlay));
    }

    private Token token() {
        if ((token == null) == (tokenFile == null)) {
            throw usage(
                    "--token-file FILE is needed (- for the standard input), or --token, not both");
        }
        if (token != null) {
            var given = token;
            return parsed("--token: ", () -> Token.parse(given));
        }
        var file = String.valueOf(tokenFile);
        return parsed("--token-file %s: ".formatted(file), () -> Token.parse(content(file)));
    }

    private String content(String file) {
        try {
            var bytes =
                    file.equals("-")
                            ? System.in.readNBytes(TOKEN_LIMIT)
                            : Files.readAllBytes(Path.of(file));
            return new String(bytes, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw usage("--token-file %s: %s".formatted(file, e));
        }
    }

    private <T> T parsed(String option, Supplier<T> parser) {
        try {
            return parser.get();
        } catch (IllegalArgumentException malformed) {
            throw usage(option + malformed.getMessage());
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /// Keys are in it.
    private static void remove(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
