package dev.monopod.eks.access;

import dev.monopod.model.names.Digest;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// An IAM principal that may be somebody in Kubernetes, whatever session it has at the moment.
///
/// @param partition such as `aws` or `aws-cn`
/// @param account twelve digits
/// @param path empty, or ends with a slash: `dev/apps/` of `role/dev/apps/deployer`
/// @param name empty of a root
public record Principal(String partition, String account, Kind kind, String path, String name) {
    /// What it is; the order is that of nothing.
    public enum Kind {
        ROLE("role/"),
        USER("user/"),
        ROOT("root"),
        FEDERATED_USER("federated-user/");

        private final String resource;

        Kind(String resource) {
            this.resource = resource;
        }

        private String service() {
            return this == FEDERATED_USER ? "sts" : "iam";
        }
    }

    private static final int LONGEST = 2048;

    /// Braces, which IAM allows in a path, are refused: what is between them would be a template.
    private static final String PATH = "(?:[!-.0-z|~]+/)*";

    private static final String NAME = "[\\w+=,.@-]{1,64}";
    private static final String PREFIX = "arn:(aws[a-z-]*):";
    private static final Pattern IAM =
            Pattern.compile(
                    PREFIX + "iam::(\\d{12}):(?:(role|user)/(" + PATH + ")(" + NAME + ")|root)",
                    Pattern.CASE_INSENSITIVE);
    private static final Pattern FEDERATED =
            Pattern.compile(
                    PREFIX + "sts::(\\d{12}):federated-user/(" + NAME + ")",
                    Pattern.CASE_INSENSITIVE);

    private static final Pattern ASSUMED =
            Pattern.compile(
                    PREFIX
                            + "sts::(\\d{12}):assumed-role/("
                            + PATH
                            + ")("
                            + NAME
                            + ")/([\\w+=,.@-]{2,64})");

    /// Empty if the text is not the ARN of a role, a user, a root or a federated user. A session is
    /// none of these.
    public static Optional<Principal> parse(String arn) {
        if (arn.length() > LONGEST) {
            return Optional.empty();
        }
        var iam = IAM.matcher(arn);
        if (iam.matches()) {
            var partition = iam.group(1).toLowerCase(Locale.ROOT);
            return Optional.of(
                    iam.group(3) == null
                            ? new Principal(partition, iam.group(2), Kind.ROOT, "", "")
                            : new Principal(
                                    partition,
                                    iam.group(2),
                                    iam.group(3).equalsIgnoreCase("role") ? Kind.ROLE : Kind.USER,
                                    iam.group(4),
                                    iam.group(5)));
        }
        var federated = FEDERATED.matcher(arn);
        return federated.matches()
                ? Optional.of(
                        new Principal(
                                federated.group(1).toLowerCase(Locale.ROOT),
                                federated.group(2),
                                Kind.FEDERATED_USER,
                                "",
                                federated.group(3)))
                : Optional.empty();
    }

    /// The role of a session; empty if the text is no session's ARN.
    static Optional<Principal> ofSession(String arn) {
        var session = ASSUMED.matcher(arn);
        return arn.length() <= LONGEST && session.matches()
                ? Optional.of(
                        new Principal(
                                session.group(1),
                                session.group(2),
                                Kind.ROLE,
                                session.group(3),
                                session.group(4)))
                : Optional.empty();
    }

    public String arn() {
        return "arn:%s:%s::%s:%s%s%s"
                .formatted(partition, kind.service(), account, kind.resource, path, name);
    }

    /// Equal of two principals only if they are the same to IAM: letter case does not distinguish
    /// names there, and a role's path does not either. A session's ARN has lost it, so a role is
    /// known by its account and its name, which is unique there.
    public String key() {
        var known = kind == Kind.ROLE ? new Principal(partition, account, kind, "", name) : this;
        return known.arn().toLowerCase(Locale.ROOT);
    }

    /// Names the principal where an ARN cannot stand.
    public String digest() {
        return Digest.of(key());
    }

    /// The ARN of this role's sessions, their names left out: it ends with a slash.
    String sessions() {
        return "arn:%s:sts::%s:assumed-role/%s/".formatted(partition, account, name);
    }

    /// Whether AWS keeps the role for a service of its own.
    boolean isServiceLinked() {
        return kind == Kind.ROLE && path.toLowerCase(Locale.ROOT).startsWith("aws-service-role/");
    }
}
