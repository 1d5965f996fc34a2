package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.IngressAction.Forward;
import dev.monopod.loadbalancing.rules.IngressAction.Group;
import dev.monopod.loadbalancing.rules.IngressAction.Reply;
import io.fabric8.kubernetes.api.model.IntOrString;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class IngressActionTest {
    private static IngressAction action(String json) {
        return IngressAction.parse("actions.a", json.replace('\'', '"'));
    }

    @Test
    void forwardsByWeight() {
        assertThat(
                        action(
                                "{'type':'forward','forwardConfig':{'targetGroups':["
                                        + "{'serviceName':'one','servicePort':80,'weight':20},"
                                        + "{'serviceName':'two','servicePort':'http','weight':80}],"
                                        + "'targetGroupStickinessConfig':{'enabled':true,'durationSeconds':60}}}"))
                .isEqualTo(
                        new Forward(
                                List.of(
                                        new Group("one", new IntOrString(80), 20),
                                        new Group("two", new IntOrString("http"), 80)),
                                Optional.of(Duration.ofMinutes(1))));
    }

    @Test
    void readsKeysInAnyLetterCaseAsGoDoes() {
        assertThat(
                        action(
                                "{'Type': 'redirect', 'RedirectConfig': {'Protocol': 'HTTPS', 'Port': '443',"
                                        + " 'StatusCode': 'HTTP_301'}}"))
                .isEqualTo(new Reply(List.of(), new Behaviour.Redirect(301, "https", "", "")));
        assertThat(
                        action(
                                "{'Type':'fixed-response','FixedResponseConfig':{'ContentType':'text/plain',"
                                        + "'StatusCode':'503','MessageBody':'down'}}"))
                .isEqualTo(new Reply(List.of(), new Behaviour.Answer(503, "text/plain", "down")));
        assertThat(
                        action(
                                "{'TYPE':'forward','forwardconfig':{'TargetGroups':[{'ServiceName':'one',"
                                        + "'serviceport':80,'Weight':2}]}}"))
                .isEqualTo(
                        new Forward(
                                List.of(new Group("one", new IntOrString(80), 2)),
                                Optional.empty()));
        // Of two, the one that is spelled right.
        assertThat(
                        action(
                                "{'TYPE':'redirect','type':'forward','serviceName':'one','servicePort':80}"))
                .isEqualTo(
                        new Forward(
                                List.of(new Group("one", new IntOrString(80), 1)),
                                Optional.empty()));
    }

    @Test
    void redirectsToTlsAndKeepsTheRest() {
        assertThat(
                        action(
                                "{'type':'redirect','redirectConfig':{'protocol':'HTTPS','port':'443',"
                                        + "'path':'/#{path}','statusCode':'HTTP_301'}}"))
                .isEqualTo(new Reply(List.of(), new Behaviour.Redirect(301, "https", "", "")));
    }

    @Test
    void redirectsToAnotherHostAndPath() {
        assertThat(
                        action(
                                "{'type':'redirect','redirectConfig':{'host':'b.example.com',"
                                        + "'path':'/new','port':'8080','statusCode':'HTTP_302'}}"))
                .isEqualTo(
                        new Reply(
                                List.of(new HttpChange.ReplacePath("/new")),
                                new Behaviour.Redirect(302, "", "b.example.com", "8080")));
    }

    @Test
    void answersWithWhatIsWritten() {
        assertThat(
                        action(
                                "{'type':'fixed-response','fixedResponseConfig':{'contentType':"
                                        + "'application/json','statusCode':'503','messageBody':'{}'}}"))
                .isEqualTo(
                        new Reply(List.of(), new Behaviour.Answer(503, "application/json", "{}")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{'type':'authenticate-oidc'}",
                "{'type':'forward','serviceName':'a','servicePort':80,'forwardConfig':{'targetGroupStickinessConfig':{'enabled':true}}}",
                "{'type':'forward','targetGroupARN':'arn:aws:x'}",
                "{'type':'forward','serviceName':'a','servicePort':'80','weight':1000}",
                "{'type':'forward','serviceName':'a','servicePort':'80','weight':0}",
                "{'type':'redirect','redirectConfig':{'statusCode':'HTTP_307'}}",
                "{'type':'redirect','redirectConfig':{'path':'/x/#{path}','statusCode':'HTTP_301'}}",
                "{'type':'fixed-response','fixedResponseConfig':{'statusCode':'301'}}"
            })
    void namesTheAnnotationThatItCantServe(String json) {
        assertThatThrownBy(() -> action(json)).hasMessageContaining("annotation actions.a: ");
    }
}
