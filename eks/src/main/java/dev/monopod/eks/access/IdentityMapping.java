package dev.monopod.eks.access;

import dev.monopod.eks.access.Mapping.Mapped;
import dev.monopod.eks.access.Mapping.Unmapped;
import dev.monopod.eks.identity.Caller;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Says who a caller is in Kubernetes, as EKS does in the mode `API_AND_CONFIG_MAP`: by the access
/// entry of its principal; without one, by `aws-auth`. Pure.
///
/// Nobody chooses rights by what they call themselves: a session whose name AWS would refuse is
/// nobody, and no placeholder makes a name of the system, beside that of a node where the
/// administrator wrote `system:node:`. An entry that the API would have refused maps nobody.
///
/// @param account of the cluster
public record IdentityMapping(
        String account, Collection<AccessEntry> entries, AwsAuth awsAuth, InstanceNames instances) {
    public IdentityMapping {
        entries = List.copyOf(entries);
    }

    /// Who it is.
    public Mapping map(Caller caller) {
        return Identity.of(caller)
                .map(this::map)
                .orElseGet(() -> new Unmapped("%s is no identity of AWS".formatted(caller.arn())));
    }

    private Mapping map(Identity identity) {
        var principal = identity.principal();
        var entry =
                entries.stream()
                        .filter(one -> one.principal().key().equals(principal.key()))
                        .findFirst();
        if (entry.isPresent()) {
            return byEntry(identity, entry.get());
        }
        var line = awsAuth.find(principal);
        if (line.isPresent()) {
            return byLine(identity, line.get());
        }
        return awsAuth.hasAccount(principal.account())
                ? mapped(identity, principal.arn(), List.of())
                : new Unmapped(
                        "%s has no access entry and no line in aws-auth"
                                .formatted(principal.arn()));
    }

    private Mapping byEntry(Identity identity, AccessEntry entry) {
        var problems = EntryRules.problems(entry, account);
        if (!problems.isEmpty()) {
            return new Unmapped(
                    "the access entry of %s is invalid: %s"
                            .formatted(entry.principal().arn(), problems.getFirst()));
        }
        var username = new Template(entry.username()).render(identity, instances);
        if (username.isEmpty()) {
            return unrendered(identity, entry.username());
        }
        List<String> groups = new ArrayList<>(entry.groups());
        if (entry.type() == EntryType.STANDARD) {
            if (Reserved.ofEntries(username.get()).isPresent()) {
                return unrendered(identity, entry.username());
            }
            groups.add(Reserved.entryGroup(entry.principal()));
        }
        return mapped(identity, username.get(), groups);
    }

    private Mapping byLine(Identity identity, AwsAuth.Line line) {
        List<String> groups = new ArrayList<>();
        for (var group : line.groups()) {
            Optional<String> rendered = new Template(group).render(identity, instances);
            if (rendered.isEmpty()) {
                return unrendered(identity, group);
            }
            groups.add(rendered.get());
        }
        if (line.username().isEmpty()) {
            return mapped(identity, identity.principal().arn(), groups);
        }
        return new Template(line.username())
                .render(identity, instances)
                .map(username -> mapped(identity, username, groups))
                .orElseGet(() -> unrendered(identity, line.username()));
    }

    private static Mapping unrendered(Identity identity, String template) {
        return new Unmapped("%s gives no name by %s".formatted(identity.caller().arn(), template));
    }

    private static Mapping mapped(Identity identity, String username, List<String> groups) {
        var caller = identity.caller();
        return new Mapped(
                username,
                "aws-iam-authenticator:%s:%s".formatted(caller.accountId(), identity.userId()),
                groups,
                Map.of(
                        "arn",
                        List.of(caller.arn()),
                        "canonicalArn",
                        List.of(identity.principal().arn()),
                        "sessionName",
                        List.of(identity.sessionName()),
                        "accessKeyId",
                        List.of(caller.accessKeyId()),
                        "principalId",
                        List.of(identity.userId()),
                        "sigs.k8s.io/aws-iam-authenticator/principalId",
                        List.of(identity.userId())));
    }
}
