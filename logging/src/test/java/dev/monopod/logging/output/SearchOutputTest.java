package dev.monopod.logging.output;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.logging.config.Fault;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import dev.monopod.logging.output.SearchOutput.Caller;
import dev.monopod.logging.plan.LoggingPlan;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// As whom a server is asked, by Fluent Bit's manual.
final class SearchOutputTest {
    @ParameterizedTest
    @CsvSource({
        "AWS_Auth On;AWS_Region us-west-2, us-west-2, es",
        "aws_auth true;aws_region eu-central-1;aws_service_name aoss, eu-central-1, aoss",
        "AWS_Auth On;AWS_Region us-west-2;HTTP_User jane;HTTP_Passwd secret, us-west-2, es"
    })
    void signs(String lines, String region, String service) {
        assertThat(caller(lines)).isEqualTo(new Caller.Signer(region, service, Optional.empty()));
    }

    @Test
    void signsAsARole() {
        var arn = "arn:aws:iam::111122223333:role/logs";

        assertThat(
                        caller(
                                "AWS_Auth On;AWS_Region us-west-2;AWS_Role_ARN %s;AWS_External_ID x"
                                        .formatted(arn)))
                .isEqualTo(
                        new Caller.Signer(
                                "us-west-2",
                                "es",
                                Optional.of(
                                        new AssumedRole(arn, Optional.of("x"), Optional.empty()))));
    }

    @Test
    void asksAsAUserOrAsNobody() {
        assertThat(caller("HTTP_User jane;HTTP_Passwd secret"))
                .isEqualTo(new Caller.User("jane", "secret"));
        assertThat(caller("HTTP_User jane;HTTP_Passwd secret").toString()).doesNotContain("secret");
        assertThat(caller("AWS_Auth Off;AWS_Region us-west-2")).isEqualTo(new Caller.Nobody());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "AWS_Auth On| AWS_Auth is On and there is no AWS_Region",
                "AWS_Auth On;AWS_Region Oregon!| 'Oregon!' is no AWS_Region",
                "AWS_Auth On;AWS_Region r;AWS_Service_Name s3| 's3' is no AWS_Service_Name that is served",
                "AWS_Auth On;AWS_Region r;AWS_Role_ARN arn:aws:iam::1:role/r| 'arn:aws:iam::1:role/r' is no AWS_Role_ARN",
                "AWS_Auth On;AWS_Region r;AWS_Profile p| 'AWS_Profile p' is not served",
                "AWS_Auth perhaps| 'AWS_Auth perhaps' is not served"
            })
    void namesWhatIsMissingOrNotServed(String lines, String words) {
        assertThat(LoggingPlan.unserved(judged(lines)))
                .extracting(Fault::words)
                .containsExactly(words);
    }

    private static Caller caller(String lines) {
        var plan = LoggingPlan.of(judged(lines), _ -> Optional.empty());
        return ((SearchOutput) plan.routes().getFirst().output()).server().caller();
    }

    private static LoggingConfiguration judged(String lines) {
        var judgement =
                LoggingConfiguration.judge(
                        Map.of(
                                "output.conf",
                                "[OUTPUT]\n Name es\n Match *\n %s\n"
                                        .formatted(lines.replace(";", "\n "))));
        return ((Judgement.Valid) judgement).configuration();
    }
}
