package dev.monopod.eks.access;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// What an administrator said a principal is.
///
/// @param id ends its ARN
/// @param username may have placeholders
/// @param associations at most one of a policy
public record AccessEntry(
        Principal principal,
        String id,
        EntryType type,
        String username,
        List<String> groups,
        Map<String, String> tags,
        List<Association> associations,
        Instant createdAt,
        Instant modifiedAt) {
    public AccessEntry {
        groups = List.copyOf(groups);
        tags = Map.copyOf(tags);
        associations = List.copyOf(associations);
    }

    /// A policy, and where it holds.
    public record Association(
            AccessPolicy policy, Scope scope, Instant associatedAt, Instant modifiedAt) {}

    /// Where a policy holds.
    public sealed interface Scope {
        /// In the whole cluster.
        record Cluster() implements Scope {}

        /// In some namespaces.
        ///
        /// @param patterns names, in which `*` stands for any characters, also none
        record Namespaces(List<String> patterns) implements Scope {
            public Namespaces {
                patterns = List.copyOf(patterns);
            }
        }
    }

    /// The entry with this association beside its others, or in place of that of the same policy.
    AccessEntry with(Association association) {
        return associations(Stream.concat(others(association.policy()), Stream.of(association)));
    }

    AccessEntry without(AccessPolicy policy) {
        return associations(others(policy));
    }

    Optional<Association> association(AccessPolicy policy) {
        return associations.stream().filter(one -> one.policy() == policy).findFirst();
    }

    private Stream<Association> others(AccessPolicy policy) {
        return associations.stream().filter(one -> one.policy() != policy);
    }

    private AccessEntry associations(Stream<Association> changed) {
        return new AccessEntry(
                principal,
                id,
                type,
                username,
                groups,
                tags,
                changed.sorted(Comparator.comparing(Association::policy)).toList(),
                createdAt,
                modifiedAt);
    }

    AccessEntry named(String newUsername, List<String> newGroups, Instant now) {
        return new AccessEntry(
                principal, id, type, newUsername, newGroups, tags, associations, createdAt, now);
    }

    /// Sorted, for answers that read the same each time.
    Map<String, String> sortedTags() {
        return new TreeMap<>(tags);
    }
}
