package dev.monopod.host.network;

import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramFailure;
import dev.monopod.host.program.ProgramRunner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Runs iproute2 and nft with a script on standard input, so that one process makes many changes.
/// Every run ends within [#LIMIT]; a failure carries the program's own words. Thread-safe, and
/// without any lock: one that hangs delays its caller alone.
final class HostCommand {
    static final Duration LIMIT = Duration.ofSeconds(20);

    private final ProgramRunner programs;

    HostCommand(ProgramRunner programs) {
        this.programs = programs;
    }

    static HostCommand ofThisHost() {
        return new HostCommand(new HostPrograms());
    }

    /// Runs a batch of `ip` commands, in a network namespace or (empty) in the host's own.
    void ip(String namespace, List<String> lines) {
        var command = new ArrayList<String>(List.of("ip"));
        if (!namespace.isEmpty()) {
            command.addAll(List.of("-n", namespace));
        }
        command.addAll(List.of("-batch", "-"));
        run(command, String.join("\n", lines) + "\n");
    }

    /// Applies an nft script as one transaction.
    void nft(String namespace, String script) {
        run(inNamespace(namespace, List.of("nft", "-f", "-")), script);
    }

    /// Has the kernel judge an nft script, without any change.
    void nftCheck(String namespace, String script) {
        run(inNamespace(namespace, List.of("nft", "-c", "-f", "-")), script);
    }

    /// Writes kernel settings (`net/ipv4/ip_forward=1`) of a network namespace.
    void settings(String namespace, List<String> settings) {
        var script = new StringBuilder("set -e\n");
        for (var setting : settings) {
            var equals = setting.indexOf('=');
            script.append("echo ")
                    .append(setting.substring(equals + 1))
                    .append(" > /proc/sys/")
                    .append(setting, 0, equals)
                    .append('\n');
        }
        run(inNamespace(namespace, List.of("sh")), script.toString());
    }

    /// Runs a line of shell in a network namespace.
    ///
    /// @return standard output
    /// @throws NetworkException when the line fails or does not end
    String shell(String namespace, String line) {
        return run(inNamespace(namespace, List.of("sh", "-c", line)), "");
    }

    /// @return standard output
    /// @throws NetworkException when the program fails or does not end
    String run(List<String> command, String input) {
        try {
            return programs.output(Program.of(LIMIT, command).withInput(input));
        } catch (ProgramFailure e) {
            throw new NetworkException(String.valueOf(e.getMessage()));
        }
    }

    private static List<String> inNamespace(String namespace, List<String> command) {
        if (namespace.isEmpty()) {
            return command;
        }
        var all = new ArrayList<String>(List.of("ip", "netns", "exec", namespace));
        all.addAll(command);
        return all;
    }
}
