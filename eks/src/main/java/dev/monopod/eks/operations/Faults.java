package dev.monopod.eks.operations;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Collects what is wrong with an operation's input, in the words of AWS' services: the value, the
/// member and the constraint.
final class Faults {
    /// Longer values are cut in messages, since they may be as long as a request.
    private static final int LONGEST_SHOWN = 300;

    private final List<String> found = new ArrayList<>();

    void present(String member, @Nullable Object value) {
        if (value == null) {
            found.add(
                    "Value null at '"
                            + member
                            + "' failed to satisfy constraint: Member must not be null");
        }
    }

    void range(String member, int value, int least, int most) {
        if (value < least) {
            add(member, value, "Member must have value greater than or equal to " + least);
        }
        if (value > most) {
            add(member, value, "Member must have value less than or equal to " + most);
        }
    }

    void size(String member, Object value, int size, int least, int most) {
        if (size < least) {
            add(member, value, "Member must have length greater than or equal to " + least);
        }
        if (size > most) {
            add(member, value, "Member must have length less than or equal to " + most);
        }
    }

    /// @param value a null is told as missing
    void text(String member, @Nullable String value, Limit limit) {
        if (value == null) {
            present(member, value);
            return;
        }
        size(member, value, value.length(), limit.shortest(), limit.longest());
        if (!limit.pattern().matcher(value).matches()) {
            add(
                    member,
                    value,
                    "Member must satisfy regular expression pattern: " + limit.pattern());
        }
    }

    /// Tags by EKS' restrictions.
    ///
    /// @param least how many there are at least
    void tags(String member, Map<String, @Nullable String> tags, int least) {
        size(member, tags, tags.size(), least, Limit.MOST_TAGS);
        tags.forEach((key, value) -> {
            tagKey(member + ".key", key);
            text(member + "." + key, value, Limit.TAG_VALUE);
        });
    }

    void tagKey(String member, @Nullable String key) {
        text(member, key, Limit.TAG_KEY);
        if (key != null && key.toLowerCase(Locale.ROOT).startsWith(Limit.RESERVED_TAG)) {
            add(
                    member,
                    key,
                    "Member must not begin with " + Limit.RESERVED_TAG + ", which is reserved");
        }
    }

    /// Ends the operation if anything was found.
    void refuseAs(Refusal.Kind kind) {
        if (!found.isEmpty()) {
            throw Refusal.of(
                    kind,
                    "%d validation error%s detected: %s"
                            .formatted(
                                    found.size(),
                                    found.size() == 1 ? "" : "s",
                                    String.join("; ", found)));
        }
    }

    private void add(String member, Object value, String constraint) {
        var text = value.toString();
        found.add(
                "Value '%s' at '%s' failed to satisfy constraint: %s"
                        .formatted(
                                text.length() > LONGEST_SHOWN
                                        ? text.substring(0, LONGEST_SHOWN) + "…"
                                        : text,
                                member,
                                constraint));
    }

    /// Limits of a text.
    ///
    /// @param pattern that it matches as a whole
    record Limit(int shortest, int longest, Pattern pattern) {
        /// Source: botocore 1.44.8, data/eks/2017-11-01/service-2.json, shapes `TagMap`, `TagKey`
        /// and `TagValue`, `TagKeyList`.
        static final int MOST_TAGS = 50;

        static final Limit TAG_KEY = new Limit(1, 128, ".*");
        static final Limit TAG_VALUE = new Limit(0, 256, ".*");

        /// Source: the same, documentation of `TagMap`.
        static final String RESERVED_TAG = "aws:";

        /// Source: the user guide; botocore has no limit.
        static final Limit PROFILE_NAME = new Limit(1, 100, "[0-9A-Za-z][A-Za-z0-9_-]*");

        /// Source: IAM's ARNs; botocore has no limit.
        static final Limit ROLE_ARN = new Limit(1, 2048, "arn:aws[a-z-]*:iam::[0-9]{12}:role/.+");

        /// Source: Kubernetes, with EKS' wildcards.
        static final Limit NAMESPACE = new Limit(1, 63, "[a-z0-9*?-]+");

        /// Source: Kubernetes, RFC 1123: of a namespace.
        static final Limit KUBERNETES_LABEL = new Limit(1, 63, "[a-z0-9]([a-z0-9-]*[a-z0-9])?");

        /// Source: Kubernetes, RFC 1123: of most other objects.
        static final Limit KUBERNETES_NAME = new Limit(1, 253, "[a-z0-9]([a-z0-9.-]*[a-z0-9])?");

        static final Limit LABEL_KEY = new Limit(1, 317, "[A-Za-z0-9*?._/-]+");
        static final Limit LABEL_VALUE = new Limit(0, 63, "[A-Za-z0-9*?._-]*");

        /// Source: the user guide, "up to five selectors".
        static final int MOST_SELECTORS = 5;

        static final int MOST_LABELS = 5;

        /// Monopod's own, those of its objects.
        static final Limit SUBNET = new Limit(1, 253, "[a-z0-9]([a-z0-9.-]*[a-z0-9])?");

        static final int MOST_SUBNETS = 64;
        static final Limit CLIENT_TOKEN = new Limit(1, 256, "[!-~]+");

        private Limit(int shortest, int longest, String pattern) {
            this(shortest, longest, Pattern.compile(pattern, Pattern.DOTALL));
        }
    }
}
