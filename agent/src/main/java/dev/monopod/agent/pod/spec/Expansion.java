package dev.monopod.agent.pod.spec;

import java.util.Map;
import java.util.Optional;

/// Kubernetes' `$(NAME)` expansion: unknown names stay as they are, `$$` is one dollar.
public final class Expansion {
    private Expansion() {}

    public static String expand(String text, Map<String, String> variables) {
        var out = new StringBuilder(text.length());
        var at = 0;
        while (at < text.length()) {
            var c = text.charAt(at);
            if (c != '$' || at + 1 >= text.length()) {
                out.append(c);
                at++;
                continue;
            }
            var next = text.charAt(at + 1);
            if (next == '$') {
                out.append('$');
                at += 2;
            } else if (next == '(') {
                var close = text.indexOf(')', at + 2);
                if (close < 0) {
                    out.append("$(");
                    at += 2;
                } else {
                    var name = text.substring(at + 2, close);
                    out.append(Optional.ofNullable(variables.get(name)).orElse("$(" + name + ")"));
                    at = close + 1;
                }
            } else {
                out.append(c);
                at++;
            }
        }
        return out.toString();
    }
}
