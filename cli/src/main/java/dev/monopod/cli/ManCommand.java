package dev.monopod.cli;

import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.ReleaseVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/// Prints the manual page monopod(1), in man(7)'s macros, made from the commands themselves.
@Command(name = "man", hidden = true, description = "Print the manual page.")
final class ManCommand implements Runnable {
    @Override
    public void run() {
        page(MonopodMain.commandLine()).forEach(System.out::println);
    }

    private static List<String> page(CommandLine root) {
        List<String> lines = new ArrayList<>();
        lines.add(
                ".TH MONOPOD 1 \"\" \"Monopod %s\""
                        .formatted(ReleaseVersion.of(Layout.named()).version()));
        lines.add(".SH NAME");
        lines.add("monopod \\- " + text(description(root.getCommandSpec())));
        lines.add(".SH SYNOPSIS");
        lines.add(".B monopod");
        lines.add("COMMAND [OPTION]...");
        lines.add(".SH COMMANDS");
        command("", root, lines);
        lines.add(".SH FILES");
        entry("/var/lib/monopod", "State that outlives a reboot, and logs.", lines);
        entry("/var/lib/monopod/registries.json", "How registries are reached.", lines);
        entry("/run/monopod", "Sockets and records of what runs.", lines);
        lines.add(".SH EXIT STATUS");
        lines.add("0: done. 1: failed. 2: wrong usage.");
        return lines;
    }

    private static void command(String path, CommandLine command, List<String> lines) {
        command.getSubcommands()
                .forEach((name, inner) -> {
                    var spec = inner.getCommandSpec();
                    if (spec.usageMessage().hidden()) {
                        return;
                    }
                    var full = path + " " + name;
                    lines.add(".SS " + text("monopod" + full + parameters(spec)));
                    lines.add(text(description(spec)));
                    spec.options().stream()
                            .filter(option -> !option.hidden())
                            .forEach(option ->
                                    entry(
                                            String.join(", ", option.names()) + argument(option),
                                            words(option),
                                            lines));
                    command(full, inner, lines);
                });
    }

    private static String parameters(CommandSpec spec) {
        return spec.positionalParameters().stream()
                .map(parameter -> " " + parameter.paramLabel())
                .collect(Collectors.joining());
    }

    private static String argument(ArgSpec option) {
        return option.arity().max() == 0 ? "" : " " + option.paramLabel();
    }

    private static String words(ArgSpec option) {
        return String.join(" ", option.description())
                .replace("${DEFAULT-VALUE}", String.valueOf(option.defaultValueString(true)));
    }

    private static String description(CommandSpec spec) {
        return String.join(" ", spec.usageMessage().description());
    }

    private static void entry(String name, String words, List<String> lines) {
        lines.addAll(List.of(".TP", ".B " + text(name), text(words)));
    }

    /// A backslash, and a point or a quote at the beginning of a line, mean something to troff; a
    /// minus sign is no hyphen.
    private static String text(String words) {
        var escaped = words.replace("\\", "\\e").replace("-", "\\-");
        return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }
}
