package dev.monopod.agent.pod.spec;

import java.util.Arrays;
import java.util.Iterator;

/// A file of variables, `NAME='value'` a line, as a container left it for others of its pod: a
/// strict part of a shell's syntax. Source: KEP-3721 as of Kubernetes 1.36.
record EnvironmentFile(String text) {
    /// The variable's value, empty when there is none; what follows it is not looked at.
    ///
    /// @throws ConfigurationException when the file is none of this kind
    String value(String wanted) {
        var lines =
                Arrays.stream(text.split("\n", -1))
                        .map(line ->
                                line.endsWith("\r") ? line.substring(0, line.length() - 1) : line)
                        .iterator();
        while (lines.hasNext()) {
            var line = withoutIndent(lines.next());
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            var equals = line.indexOf('=');
            if (equals < 1 || blank(line.charAt(equals - 1))) {
                throw malformed();
            }
            var rest = line.substring(equals + 1);
            // A shell reads a blank after the sign as the assignment of nothing.
            var value = !rest.isEmpty() && blank(rest.charAt(0)) ? "" : quoted(rest, lines);
            if (line.substring(0, equals).equals(wanted)) {
                return value;
            }
        }
        return "";
    }

    /// What stands between single quotes, of which the second may be some lines further on.
    private static String quoted(String text, Iterator<String> lines) {
        if (!text.startsWith("'")) {
            throw malformed();
        }
        var value = new StringBuilder();
        var rest = text.substring(1);
        while (rest.indexOf('\'') < 0) {
            value.append(rest).append('\n');
            if (!lines.hasNext()) {
                throw malformed();
            }
            rest = lines.next();
        }
        var close = rest.indexOf('\'');
        var after = withoutIndent(rest.substring(close + 1));
        if (!after.isEmpty() && !after.startsWith("#")) {
            throw malformed();
        }
        return value.append(rest, 0, close).toString();
    }

    private static String withoutIndent(String line) {
        var at = 0;
        while (at < line.length() && blank(line.charAt(at))) {
            at++;
        }
        return line.substring(at);
    }

    private static boolean blank(char c) {
        return c == ' ' || c == '\t';
    }

    private static ConfigurationException malformed() {
        return new ConfigurationException("couldn't parse env file");
    }
}
