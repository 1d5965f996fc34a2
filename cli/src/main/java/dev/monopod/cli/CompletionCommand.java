package dev.monopod.cli;

import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;

/// Prints a completion script: `source <(monopod completion bash)`.
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        description =
                "Print a completion script: source <(monopod completion bash|zsh), monopod completion fish | source.")
final class CompletionCommand implements Runnable {
    /// Shells that there is a script for.
    enum Shell {
        bash,
        zsh,
        fish
    }

    @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish.")
    private Shell shell = Shell.bash;

    @Override
    public void run() {
        var root = MonopodMain.commandLine();
        switch (shell) {
            case bash -> System.out.println(AutoComplete.bash("monopod", root));
            case zsh ->
                    System.out.println(
                            "autoload -U +X bashcompinit && bashcompinit\n"
                                    + AutoComplete.bash("monopod", root));
            case fish -> fish(root).forEach(System.out::println);
        }
    }

    private static List<String> fish(CommandLine root) {
        var commands =
                root.getSubcommands().entrySet().stream()
                        .flatMap(entry ->
                                Stream.concat(
                                        Stream.of(
                                                line(
                                                        "__fish_use_subcommand",
                                                        "-a " + entry.getKey(),
                                                        description(entry.getValue()))),
                                        inside(entry.getKey(), entry.getValue())));
        return Stream.concat(Stream.of("complete -c monopod -f"), commands).toList();
    }

    private static Stream<String> inside(String name, CommandLine command) {
        var condition = "__fish_seen_subcommand_from " + name;
        var nested =
                command.getSubcommands().entrySet().stream()
                        .map(entry ->
                                line(
                                        condition,
                                        "-a " + entry.getKey(),
                                        description(entry.getValue())));
        Collection<OptionSpec> options = command.getCommandSpec().options();
        var flags =
                options.stream()
                        .filter(option -> !option.hidden())
                        .map(option ->
                                line(
                                        condition,
                                        "-l " + option.longestName().replaceFirst("^--", ""),
                                        String.join(" ", option.description())));
        return Stream.concat(nested, flags);
    }

    private static String line(String condition, String what, String description) {
        return "complete -c monopod -n '%s' %s -d '%s'"
                .formatted(condition, what, description.replace("'", "\\'"));
    }

    private static String description(CommandLine command) {
        return String.join(" ", command.getCommandSpec().usageMessage().description());
    }
}
