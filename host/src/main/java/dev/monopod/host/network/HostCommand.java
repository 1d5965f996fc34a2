package dev.monopod.host.network;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Runs iproute2 and nft with a script on standard input, so that one process makes many changes.
/// Every run ends within [#LIMIT_SECONDS]; a failure carries the program's own words.
final class HostCommand {
    private static final long LIMIT_SECONDS = 20;

    private HostCommand() {}

    /// Runs a batch of `ip` commands, in a network namespace or (empty) in the host's own.
    static void ip(String namespace, List<String> lines) {
        var command = new ArrayList<String>(List.of("ip"));
        if (!namespace.isEmpty()) {
            command.addAll(List.of("-n", namespace));
        }
        command.addAll(List.of("-batch", "-"));
        run(command, String.join("\n", lines) + "\n");
    }

    /// Applies an nft script as one transaction.
    static void nft(String namespace, String script) {
        run(inNamespace(namespace, List.of("nft", "-f", "-")), script);
    }

    /// Writes kernel settings (`net/ipv4/ip_forward=1`) of a network namespace.
    static void settings(String namespace, List<String> settings) {
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

    /// @return standard output
    /// @throws NetworkException when the program fails or does not end
    static String run(List<String> command, String input) {
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            // The scripts and answers here are far smaller than a pipe's buffer times a few; the
            // programs read their whole input before they answer, so one thread is enough.
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // It ended before it read all: its exit code and words tell why.
            }
            var output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new NetworkException(String.join(" ", command) + " did not end");
            }
            if (process.exitValue() != 0) {
                throw new NetworkException(
                        String.join(" ", command)
                                + " failed with "
                                + process.exitValue()
                                + ": "
                                + output.strip());
            }
            return output;
        } catch (IOException e) {
            throw new NetworkException("can't run " + command.getFirst() + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NetworkException("interrupted while running " + command.getFirst());
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
