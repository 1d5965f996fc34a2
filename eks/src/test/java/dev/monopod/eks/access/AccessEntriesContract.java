package dev.monopod.eks.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.monopod.eks.access.AccessEntry.Association;
import dev.monopod.eks.access.AccessEntry.Scope;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What every store of access entries keeps to.
abstract class AccessEntriesContract {
    private static final Principal ROLE = Callers.principal(Callers.ROLE);

    /// Of the test alone, empty.
    abstract AccessEntries entries();

    @Test
    final void givesBackWhatItWasGiven() {
        var entry =
                new AccessEntry(
                                ROLE,
                                "id-7",
                                EntryType.STANDARD,
                                "ops:{{SessionName}}",
                                List.of("a", "b c"),
                                Map.of("team", "", "ö", "\"x\"\n"),
                                List.of(),
                                Callers.THEN,
                                Callers.THEN.plusMillis(1))
                        .with(of(AccessPolicy.VIEW, new Scope.Cluster()))
                        .with(
                                of(
                                        AccessPolicy.ADMIN,
                                        new Scope.Namespaces(List.of("dev-*", "shop"))));

        assertThat(entries().create(entry)).isTrue();

        assertThat(entries().find(ROLE)).map(AccessEntries.Stored::entry).contains(entry);
        assertThat(entries().list()).containsExactly(entry);
    }

    @Test
    final void findsNothingThatIsNotThere() {
        assertThat(entries().find(ROLE)).isEmpty();
        assertThat(entries().list()).isEmpty();
        assertThat(entries().delete(ROLE)).isFalse();
    }

    @Test
    final void keepsOneEntryOfAPrincipalHoweverItsArnIsWritten() {
        var first = Callers.entry(Callers.ROLE);
        assertThat(entries().create(first)).isTrue();

        assertThat(entries().create(Callers.entry("arn:aws:iam::111122223333:role/ADMIN")))
                .isFalse();
        assertThat(entries().create(Callers.entry("arn:aws:iam::111122223333:role/dev/Admin")))
                .isFalse();
        assertThat(entries().create(Callers.entry("arn:aws:iam::111122223333:user/Admin")))
                .isTrue();
        assertThat(entries().find(Callers.principal("arn:aws:iam::111122223333:role/admin")))
                .map(AccessEntries.Stored::entry)
                .contains(first);
        assertThat(entries().list()).hasSize(2);
    }

    @Test
    final void changesOnlyWhatWasRead() {
        assertThat(entries().create(Callers.entry(Callers.ROLE))).isTrue();
        var before = entries().find(ROLE).orElseThrow();
        var one = before.entry().named("one", List.of(), Callers.THEN);
        var two = before.entry().named("two", List.of(), Callers.THEN);

        assertThat(entries().replace(before, one)).isTrue();
        assertThat(entries().replace(before, two)).isFalse();

        assertThat(entries().find(ROLE)).map(AccessEntries.Stored::entry).contains(one);
    }

    @Test
    final void changesNothingThatWasDeletedOrMadeAnew() {
        var entry = Callers.entry(Callers.ROLE);
        assertThat(entries().create(entry)).isTrue();
        var before = entries().find(ROLE).orElseThrow();
        assertThat(entries().delete(ROLE)).isTrue();
        var changed = entry.named("changed", List.of(), Callers.THEN);

        assertThat(entries().replace(before, changed)).isFalse();
        assertThat(entries().find(ROLE)).isEmpty();

        assertThat(entries().create(entry)).isTrue();
        assertThat(entries().replace(before, changed)).isFalse();
        assertThat(entries().find(ROLE)).map(AccessEntries.Stored::entry).contains(entry);
    }

    @Test
    final void neverTurnsAnEntryIntoThatOfAnother() {
        assertThat(entries().create(Callers.entry(Callers.ROLE))).isTrue();
        var before = entries().find(ROLE).orElseThrow();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> entries().replace(before, Callers.entry(Callers.USER)));
    }

    private static Association of(AccessPolicy policy, Scope scope) {
        return new Association(policy, scope, Callers.THEN, Callers.THEN.plusSeconds(1));
    }
}
