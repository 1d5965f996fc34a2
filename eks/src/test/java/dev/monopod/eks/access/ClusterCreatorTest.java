package dev.monopod.eks.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ClusterCreatorTest {
    private final MemoryAccessEntries entries = new MemoryAccessEntries();
    private final ClusterCreator creator =
            new ClusterCreator(entries, () -> Callers.THEN, UUID::randomUUID);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "arn:aws:iam::111122223333:role/Admin",
                "arn:aws:sts::111122223333:assumed-role/Admin/ann"
            })
    void makesTheCreatorAnAdministratorOfTheCluster(String arn) {
        assertThat(creator.ensure(arn)).isTrue();

        assertThat(entries.list())
                .singleElement()
                .satisfies(entry -> {
                    assertThat(entry.principal().arn()).isEqualTo(Callers.ROLE);
                    assertThat(entry.associations())
                            .singleElement()
                            .satisfies(association -> {
                                assertThat(association.policy())
                                        .isEqualTo(AccessPolicy.CLUSTER_ADMIN);
                                assertThat(association.scope())
                                        .isEqualTo(new AccessEntry.Scope.Cluster());
                            });
                    assertThat(EntryRules.problems(entry, Callers.ACCOUNT)).isEmpty();
                });
    }

    @Test
    void leavesAnEntryThatIsThereAsItIs() {
        var before = Callers.entry(Callers.ROLE);
        assertThat(entries.create(before)).isTrue();

        assertThat(creator.ensure(Callers.ROLE)).isFalse();

        assertThat(entries.list()).isEqualTo(List.of(before));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "ann", "arn:aws:sts::111122223333:federated-user/bob", "arn:aws:s3:::b"})
    void makesNobodyElseAnAdministrator(String arn) {
        assertThatIllegalArgumentException().isThrownBy(() -> creator.ensure(arn));
        assertThat(entries.list()).isEmpty();
    }
}
