package dev.monopod.eks.access;

import dev.monopod.eks.identity.Caller;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/// Callers and entries of the tests.
final class Callers {
    static final String ACCOUNT = "111122223333";
    static final String ROLE = "arn:aws:iam::111122223333:role/Admin";
    static final String USER = "arn:aws:iam::111122223333:user/ann";
    static final Instant THEN = Instant.parse("2026-11-29T09:00:00.250Z");

    private Callers() {}

    static Caller session(String role, String name) {
        return new Caller(
                "ASIAEXAMPLE",
                ACCOUNT,
                "arn:aws:sts::%s:assumed-role/%s/%s".formatted(ACCOUNT, role, name),
                "AROAEXAMPLE:" + name);
    }

    static Caller user(String name) {
        return new Caller(
                "AKIAEXAMPLE",
                ACCOUNT,
                "arn:aws:iam::%s:user/%s".formatted(ACCOUNT, name),
                "AIDAEXAMPLE");
    }

    static Principal principal(String arn) {
        return Principal.parse(arn).orElseThrow();
    }

    static AccessEntry entry(String arn) {
        return entry(arn, EntryType.STANDARD);
    }

    static AccessEntry entry(String arn, EntryType type) {
        var principal = principal(arn);
        return new AccessEntry(
                principal,
                "id-1",
                type,
                type.defaultUsername(principal),
                type.groups(),
                Map.of(),
                List.of(),
                THEN,
                THEN);
    }

    static AccessEntry entry(String arn, String username, String... groups) {
        return entry(arn).named(username, List.of(groups), THEN);
    }
}
