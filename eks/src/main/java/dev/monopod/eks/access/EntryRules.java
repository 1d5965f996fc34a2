package dev.monopod.eks.access;

import dev.monopod.eks.access.Principal.Kind;
import java.util.ArrayList;
import java.util.List;

/// What an access entry must be, in EKS' words where they are known.
final class EntryRules {
    private static final int LONGEST_NAME = 512;

    private EntryRules() {}

    /// What is wrong with the entry, the first thing first; empty if nothing is.
    ///
    /// @param account of the cluster
    static List<String> problems(AccessEntry entry, String account) {
        List<String> problems = new ArrayList<>();
        var principal = entry.principal();
        if (principal.kind() == Kind.FEDERATED_USER || principal.isServiceLinked()) {
            problems.add("The specified principalArn is invalid: invalid principal.");
        }
        if (entry.type() == EntryType.STANDARD) {
            username(problems, entry);
            entry.groups().forEach(group -> group(problems, group));
        } else {
            node(problems, entry, account);
        }
        return problems;
    }

    private static void node(List<String> problems, AccessEntry entry, String account) {
        if (entry.principal().kind() != Kind.ROLE) {
            problems.add(
                    "An access entry of type %s must be for an IAM role.".formatted(entry.type()));
        } else if (!entry.principal().account().equals(account)) {
            problems.add(
                    "An access entry of type %s must be for a role of the cluster's account %s."
                            .formatted(entry.type(), account));
        }
        if (!entry.username().equals(entry.type().defaultUsername(entry.principal()))) {
            problems.add(
                    "The username can only be set for access entries with a type of STANDARD.");
        }
        if (!entry.groups().equals(entry.type().groups())) {
            problems.add(
                    "The kubernetesGroups can only be set for access entries with a type of"
                            + " STANDARD.");
        }
        if (!entry.associations().isEmpty()) {
            problems.add(ofStandardOnly());
        }
    }

    static String ofStandardOnly() {
        return "This operation can only be performed on Access Entries with a type of"
                + " \"STANDARD\".";
    }

    private static void username(List<String> problems, AccessEntry entry) {
        var username = entry.username();
        if (isOdd(username)) {
            problems.add(
                    "The username must have 1 to %d characters, none of them a control character."
                            .formatted(LONGEST_NAME));
        }
        Reserved.ofEntries(username)
                .ifPresent(prefix ->
                        problems.add("The username must not begin with %s".formatted(prefix)));
        var template = new Template(username);
        template.session()
                .filter(at -> username.lastIndexOf(':', at) < 0)
                .ifPresent(_ ->
                        problems.add(
                                "The username must contain a colon before {{SessionName}} or"
                                        + " {{SessionNameRaw}}."));
        if (template.hasOthers()) {
            problems.add(
                    "The username may have the placeholders {{AccountID}}, {{SessionName}},"
                            + " {{SessionNameRaw}} and {{AccessKeyID}} only.");
        }
    }

    private static void group(List<String> problems, String group) {
        if (isOdd(group) || group.contains("{{")) {
            problems.add(
                    "The kubernetes group name %s is invalid, it must have 1 to %d characters, no"
                                    .formatted(group, LONGEST_NAME)
                            + " placeholder and no control character");
        }
        Reserved.ofEntries(group)
                .ifPresent(prefix ->
                        problems.add(
                                "The kubernetes group name %s is invalid, it cannot start with %s"
                                        .formatted(group, prefix)));
    }

    private static boolean isOdd(String name) {
        return name.isBlank()
                || name.length() > LONGEST_NAME
                || name.chars().anyMatch(Character::isISOControl);
    }
}
