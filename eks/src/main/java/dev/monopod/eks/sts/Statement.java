package dev.monopod.eks.sts;

import dev.monopod.model.profile.Wildcard;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// A statement of a trust policy.
///
/// @param anyone whether it is about everybody
/// @param aws accounts and ARNs
/// @param federated ARNs of identity providers
/// @param services such as `pods.eks.amazonaws.com`
/// @param actions with wildcards, in small letters
record Statement(
        boolean allows,
        boolean anyone,
        List<String> aws,
        List<String> federated,
        List<String> services,
        List<String> actions,
        List<Condition> conditions) {
    private static final Pattern ACCOUNT =
            Pattern.compile("(?:arn:aws[a-z0-9-]*:iam::)?(\\d{12})(?::root)?");
    private static final Pattern ROLE =
            Pattern.compile("arn:(aws[a-z0-9-]*):iam::(\\d{12}):role/(?:.*/)?([^/]+)");

    Statement {
        aws = List.copyOf(aws);
        federated = List.copyOf(federated);
        services = List.copyOf(services);
        actions = List.copyOf(actions);
        conditions = List.copyOf(conditions);
    }

    /// Whether it speaks of that request.
    boolean isAbout(String action, Principal principal, Map<String, String> context) {
        var small = action.toLowerCase(Locale.ROOT);
        return actions.stream().anyMatch(each -> new Wildcard(each).matches(small))
                && isAbout(principal)
                && conditions.stream().allMatch(condition -> condition.holds(context));
    }

    private boolean isAbout(Principal principal) {
        return anyone
                || switch (principal) {
                    case Principal.Aws(var account, var arn) ->
                            aws.stream().anyMatch(each -> names(each, account, arn));
                    case Principal.Federated(var provider) -> federated.contains(provider);
                    case Principal.Service(var name) -> services.contains(name);
                };
    }

    /// A policy names an account, a user, a session, or all sessions of a role.
    private static boolean names(String named, String accountId, String arn) {
        var account = ACCOUNT.matcher(named);
        if (account.matches()) {
            return account.group(1).equals(accountId);
        }
        var role = ROLE.matcher(named);
        return role.matches()
                ? arn.startsWith(
                        "arn:%s:sts::%s:assumed-role/%s/"
                                .formatted(role.group(1), role.group(2), role.group(3)))
                : named.equals(arn);
    }
}
