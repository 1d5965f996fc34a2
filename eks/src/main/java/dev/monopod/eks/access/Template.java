package dev.monopod.eks.access;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A username or group with placeholders such as `{{SessionName}}`.
record Template(String text) {
    private static final String INSTANCE = "EC2PrivateDNSName";
    private static final Pattern PLACEHOLDER =
            Pattern.compile(
                    "\\{\\{(AccountID|SessionName|SessionNameRaw|AccessKeyID|" + INSTANCE + ")}}");
    private static final Pattern SESSION = Pattern.compile("\\{\\{SessionName(?:Raw)?}}");
    private static final Pattern INSTANCE_ID = Pattern.compile("i-(?:\\w{8}|\\w{17})");

    /// Names of nodes are the only ones of the system that a placeholder may complete.
    private static final String NODE = "system:node:";

    /// In one pass, so that a value that looks like a placeholder stays what it is.
    ///
    /// @return empty if a value is not known, the result is blank, or a placeholder made it a name
    ///   of the system: who chooses the name of a session must not choose `system:masters`
    Optional<String> render(Identity identity, InstanceNames instances) {
        var matcher = PLACEHOLDER.matcher(text);
        var rendered = new StringBuilder();
        var any = false;
        while (matcher.find()) {
            any = true;
            var value = value(matcher.group(1), identity, instances);
            if (value.isEmpty()) {
                return Optional.empty();
            }
            matcher.appendReplacement(rendered, Matcher.quoteReplacement(value.get()));
        }
        var result = matcher.appendTail(rendered).toString();
        if (result.isBlank() || any && !text.startsWith(NODE) && Reserved.isOfSystem(result)) {
            return Optional.empty();
        }
        return Optional.of(result);
    }

    private static Optional<String> value(
            String placeholder, Identity identity, InstanceNames instances) {
        var session = identity.sessionName();
        return switch (placeholder) {
            case "AccountID" -> Optional.of(identity.principal().account());
            case "SessionName" -> Optional.of(session.replace('@', '-'));
            case "SessionNameRaw" -> Optional.of(session);
            case "AccessKeyID" -> Optional.of(identity.caller().accessKeyId());
            case INSTANCE ->
                    INSTANCE_ID.matcher(session).matches()
                            ? instances.privateDnsName(session)
                            : Optional.empty();
            default -> throw new IllegalStateException("no placeholder " + placeholder);
        };
    }

    /// Where the name of the session stands first; empty if it does not.
    Optional<Integer> session() {
        var matcher = SESSION.matcher(text);
        return matcher.find() ? Optional.of(matcher.start()) : Optional.empty();
    }

    /// Whether it has braces that are no placeholder of an access entry's username.
    boolean hasOthers() {
        var rest = PLACEHOLDER.matcher(text).replaceAll("");
        return rest.contains("{{") || rest.contains("}}") || text.contains("{{" + INSTANCE + "}}");
    }
}
