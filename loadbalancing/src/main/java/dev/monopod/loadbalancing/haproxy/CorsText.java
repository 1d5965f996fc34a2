package dev.monopod.loadbalancing.haproxy;

import dev.monopod.loadbalancing.rules.HttpChange.Cors;
import java.util.List;
import java.util.stream.Collectors;

/// CORS in HAProxy's words: it answers preflight requests itself, and tells browsers of allowed
/// origins that they may read what a target answers. Source: the Fetch standard, "CORS protocol".
final class CorsText {
    private static final String ANY = "*";
    private static final String ORIGIN = "'%[var(txn.origin)]'";

    private CorsText() {}

    /// Lines of a back end.
    ///
    /// @param number among the changes of the back end
    static String of(Cors cors, int number) {
        var allowed = "allowed" + number;
        var asked = "preflight" + number;
        var text =
                new StringBuilder("  http-request set-var(txn.origin) req.fhdr(Origin)\n")
                        .append("  acl ")
                        .append(asked)
                        .append(" req.hdr(Access-Control-Request-Method) -m found\n");
        for (var origin : cors.origins()) {
            text.append("  acl ").append(allowed).append(" var(txn.origin) ");
            text.append(
                            origin.equals(ANY)
                                    ? "-m found"
                                    : "-m reg -i -- " + Text.word(expression(origin)))
                    .append('\n');
        }
        if (cors.origins().isEmpty()) {
            text.append("  acl ").append(allowed).append(" always_false\n");
        }
        preflight(cors, allowed, asked, text);
        response(cors, allowed, text);
        return text.toString().stripTrailing();
    }

    /// HAProxy can't leave out one header of an answer, so there is an answer for each case.
    private static void preflight(Cors cors, String allowed, String asked, StringBuilder text) {
        var when = " if METH_OPTIONS { var(txn.origin) -m found } " + asked;
        var common = new StringBuilder(header("Access-Control-Allow-Origin", ORIGIN));
        if (cors.credentials()) {
            common.append(header("Access-Control-Allow-Credentials", "true"));
        }
        common.append(header("Access-Control-Max-Age", Integer.toString(cors.maxAgeSeconds())));
        common.append(header("Vary", "Origin"));
        common.append(
                list(
                        "Access-Control-Allow-Methods",
                        cors.methods(),
                        "Access-Control-Request-Method"));
        if (cors.headers().contains(ANY)) {
            text.append("  http-request return status 204").append(common);
            text.append(
                            list(
                                    "Access-Control-Allow-Headers",
                                    cors.headers(),
                                    "Access-Control-Request-Headers"))
                    .append(when)
                    .append(' ')
                    .append(allowed)
                    .append(" { req.hdr(Access-Control-Request-Headers) -m found }\n");
        } else {
            common.append(list("Access-Control-Allow-Headers", cors.headers(), ""));
        }
        text.append("  http-request return status 204").append(common);
        text.append(when).append(' ').append(allowed).append('\n');
        text.append("  http-request return status 204 hdr Vary Origin").append(when).append('\n');
    }

    private static void response(Cors cors, String allowed, StringBuilder text) {
        text.append("  http-response add-header Vary Origin\n");
        var when = " if " + allowed + "\n";
        text.append("  http-response set-header Access-Control-Allow-Origin ")
                .append(ORIGIN)
                .append(when);
        if (cors.credentials()) {
            text.append("  http-response set-header Access-Control-Allow-Credentials true")
                    .append(when);
        }
        // With credentials a browser takes the wildcard for a name.
        if (!cors.exposed().isEmpty() && !(cors.credentials() && cors.exposed().contains(ANY))) {
            text.append("  http-response set-header Access-Control-Expose-Headers ")
                    .append(Text.format(String.join(", ", cors.exposed())))
                    .append(when);
        }
    }

    private static String header(String name, String value) {
        return " hdr " + name + " " + value;
    }

    /// @param echoed header of the request that stands for any
    private static String list(String name, List<String> values, String echoed) {
        if (values.isEmpty()) {
            return "";
        }
        return header(
                name,
                values.contains(ANY)
                        ? "'%[req.fhdr(" + echoed + ")]'"
                        : Text.format(String.join(", ", values)));
    }

    /// `https://*.example.com` → any name below; a usual port may be told.
    private static String expression(String origin) {
        var scheme = origin.startsWith("https:") ? "https" : "http";
        var host = origin.substring(scheme.length() + "://".length());
        var port = host.contains(":") ? "" : scheme.equals("https") ? "(:443)?" : "(:80)?";
        return "^"
                + scheme
                + "://"
                + host.chars()
                        .mapToObj(sign ->
                                sign == '*'
                                        ? "[a-z0-9.-]+"
                                        : Text.expression(Character.toString(sign)))
                        .collect(Collectors.joining())
                + port
                + "$";
    }
}
