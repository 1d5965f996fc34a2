package dev.monopod.eks.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.identity.Caller;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PrincipalTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "arn:aws:iam::111122223333:role/Admin",
                "arn:aws:iam::111122223333:role/dev/apps/deployer",
                "arn:aws-cn:iam::111122223333:user/ann",
                "arn:aws:iam::111122223333:user/staff/ann@example.org",
                "arn:aws-us-gov:iam::111122223333:root",
                "arn:aws:sts::111122223333:federated-user/bob"
            })
    void saysTheArnThatItRead(String arn) {
        assertThat(Principal.parse(arn)).map(Principal::arn).contains(arn);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "arn:aws:iam::111122223333:role/",
                "arn:aws:iam::111122223333:group/admins",
                "arn:aws:iam::1111:role/Admin",
                "arn:gcp:iam::111122223333:role/Admin",
                "arn:aws:s3:::bucket",
                "arn:aws:sts::111122223333:assumed-role/Admin/ann",
                "arn:aws:iam::111122223333:role/Admin\n",
                "arn:aws:iam::111122223333:role//Admin",
                "arn:aws:iam::111122223333:user/{{SessionName}}/ann",
                "arn:aws:iam::111122223333:role/x:y"
            })
    void readsNothingElse(String arn) {
        assertThat(Principal.parse(arn)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "arn:aws:iam::111122223333:role/Admin, arn:aws:iam::111122223333:role/ADMIN, true",
        "arn:aws:iam::111122223333:role/dev/Admin, arn:aws:iam::111122223333:role/Admin, true",
        "arn:aws:iam::111122223333:user/dev/ann, arn:aws:iam::111122223333:user/ann, false",
        "arn:aws:iam::111122223333:role/Admin, arn:aws:iam::444455556666:role/Admin, false",
        "arn:aws:iam::111122223333:role/Admin, arn:aws-cn:iam::111122223333:role/Admin, false",
        "arn:aws:iam::111122223333:role/Admin, arn:aws:iam::111122223333:user/Admin, false"
    })
    void comparesAsIamDoes(String one, String other, boolean same) {
        assertThat(Callers.principal(one).digest().equals(Callers.principal(other).digest()))
                .isEqualTo(same);
    }

    @Test
    void takesASessionApart() {
        var identity = Identity.of(Callers.session("Admin", "ann@example.org")).orElseThrow();

        assertThat(identity.principal().arn()).isEqualTo(Callers.ROLE);
        assertThat(identity.sessionName()).isEqualTo("ann@example.org");
        assertThat(identity.userId()).isEqualTo("AROAEXAMPLE");
    }

    @Test
    void knowsARoleWithAPathByItsSession() {
        var identity = Identity.of(Callers.session("dev/apps/deployer", "run-1")).orElseThrow();

        assertThat(identity.principal().arn())
                .isEqualTo("arn:aws:iam::111122223333:role/dev/apps/deployer");
        assertThat(identity.sessionName()).isEqualTo("run-1");
    }

    @ParameterizedTest
    @CsvSource({
        "arn:aws:sts::111122223333:assumed-role/Admin/x:y, AROAEXAMPLE:x:y",
        "arn:aws:sts::111122223333:assumed-role/Admin/y, AROAEXAMPLE:x:y",
        "arn:aws:sts::111122223333:assumed-role/Admin/ann, AROAEXAMPLE:bob",
        "arn:aws:sts::111122223333:assumed-role/Admin/ann, AROAEXAMPLE",
        "arn:aws:sts::111122223333:assumed-role/Admin/ann, :ann",
        "arn:aws:sts::111122223333:assumed-role/Admin/{{AccountID}}, AROAEXAMPLE:{{AccountID}}",
        "arn:aws:sts::444455556666:assumed-role/Admin/ann, AROAEXAMPLE:ann",
        "arn:aws:iam::111122223333:role/Admin, AROAEXAMPLE",
        "arn:aws:iam::444455556666:user/ann, AIDAEXAMPLE",
        "nonsense, AIDAEXAMPLE"
    })
    void nobodyCallsByAnArnThatAwsWouldNotGive(String arn, String userId) {
        assertThat(Identity.of(new Caller("AKIAEXAMPLE", Callers.ACCOUNT, arn, userId))).isEmpty();
    }
}
