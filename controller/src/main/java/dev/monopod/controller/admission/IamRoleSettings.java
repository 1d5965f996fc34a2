package dev.monopod.controller.admission;

import dev.monopod.eks.podidentity.PodTokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// What annotations and labels say of a pod's IAM role, read as EKS' own webhook reads them: a
/// value that it cannot read counts as absent.
///
/// @param regionalEndpoints whether STS is asked in the region
/// @param tokenSeconds how long the token is good
/// @param skipped names of containers that are left alone
record IamRoleSettings(
        String role,
        String audience,
        boolean regionalEndpoints,
        long tokenSeconds,
        Set<String> skipped) {
    private static final String PREFIX = "eks.amazonaws.com/";

    /// A label of pods, whatever its value: the whole pod is left alone.
    private static final String OPT_OUT = PREFIX + "skip-pod-identity-webhook";

    private static final String EXPIRATION = PREFIX + "token-expiration";
    private static final String DEFAULT_AUDIENCE = "sts.amazonaws.com";
    private static final long DEFAULT_SECONDS = 86_400;
    private static final long FEWEST_SECONDS = 600;

    /// As Go's strconv.ParseBool has them.
    private static final Set<String> FALSE = Set.of("0", "f", "F", "false", "FALSE", "False");

    IamRoleSettings {
        skipped = Set.copyOf(skipped);
    }

    /// Empty if the pod is to have no role.
    ///
    /// @param account annotations of the service account
    /// @param pod annotations of the pod, which come before those of its account
    static Optional<IamRoleSettings> of(
            Map<String, String> account, Map<String, String> pod, Map<String, String> labels) {
        var role = account.getOrDefault(PREFIX + "role-arn", "");
        return role.isEmpty() || labels.containsKey(OPT_OUT)
                ? Optional.empty()
                : Optional.of(
                        read(
                                role,
                                account.getOrDefault(PREFIX + "audience", DEFAULT_AUDIENCE),
                                account,
                                pod));
    }

    /// The same for a pod whose service account has a pod identity association, which says the
    /// role.
    static Optional<IamRoleSettings> ofPodIdentity(
            Map<String, String> account, Map<String, String> pod, Map<String, String> labels) {
        return labels.containsKey(OPT_OUT)
                ? Optional.empty()
                : Optional.of(read("", PodTokens.AUDIENCE, account, pod));
    }

    private static IamRoleSettings read(
            String role, String audience, Map<String, String> account, Map<String, String> pod) {
        return new IamRoleSettings(
                role,
                audience,
                !FALSE.contains(account.getOrDefault(PREFIX + "sts-regional-endpoints", "")),
                seconds(pod).orElse(seconds(account).orElse(DEFAULT_SECONDS)),
                Set.copyOf(firstRecord(pod.getOrDefault(PREFIX + "skip-containers", ""))));
    }

    private static OptionalLong seconds(Map<String, String> annotations) {
        try {
            return OptionalLong.of(
                    Math.max(
                            FEWEST_SECONDS,
                            Long.parseLong(annotations.getOrDefault(EXPIRATION, ""))));
        } catch (NumberFormatException unreadable) {
            return OptionalLong.empty();
        }
    }

    /// The first record of comma-separated values, as RFC 4180 has it: blanks count, a field may
    /// stand in quotes. None of a text that breaks these rules.
    static List<String> firstRecord(String text) {
        List<String> fields = new ArrayList<>();
        var rest = text.lines().findFirst().orElse("");
        while (!rest.isEmpty()) {
            var quoted = rest.startsWith("\"");
            var end =
                    quoted
                            ? closing(rest)
                            : rest.indexOf(',') < 0 ? rest.length() : rest.indexOf(',');
            if (end < 0 || !quoted && rest.substring(0, end).contains("\"")) {
                return List.of();
            }
            fields.add(
                    quoted
                            ? rest.substring(1, end - 1).replace("\"\"", "\"")
                            : rest.substring(0, end));
            if (end < rest.length() && rest.charAt(end) != ',') {
                return List.of();
            }
            rest = end < rest.length() ? rest.substring(end + 1) : "";
        }
        return fields.stream().distinct().toList();
    }

    /// Where a field that begins with a quote has ended; -1 if it never does.
    private static int closing(String text) {
        for (int i = 1; i < text.length(); i++) {
            if (text.charAt(i) == '"') {
                if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
                    i++;
                } else {
                    return i + 1;
                }
            }
        }
        return -1;
    }
}
