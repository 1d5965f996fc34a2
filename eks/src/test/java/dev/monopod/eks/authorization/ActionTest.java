package dev.monopod.eks.authorization;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.authorization.Action.Attributes;
import dev.monopod.eks.authorization.Action.Right;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ActionTest {
    private static final String ARN =
            "arn%3Aaws%3Aeks%3Aus-west-2%3A0%3Afargateprofile%2Fc%2Fp%2Fi";

    @ParameterizedTest
    @CsvSource({
        "GET, /clusters/c/fargate-profiles, ListFargateProfiles, list",
        "POST, /clusters/c/fargate-profiles, CreateFargateProfile, create",
        "GET, /clusters/c/fargate-profiles/p, DescribeFargateProfile, get",
        "DELETE, /clusters/c/fargate-profiles/p, DeleteFargateProfile, delete",
        "GET, /tags/" + ARN + ", ListTagsForResource, get",
        "POST, /tags/" + ARN + ", TagResource, update",
        "DELETE, /tags/" + ARN + ", UntagResource, update",
    })
    void asksOfProfilesWhatKubectlWould(String method, String path, String name, String verb) {
        assertThat(Action.of(method, path))
                .contains(
                        new Action(
                                name,
                                new Right.Needed(
                                        new Attributes(verb, "monopod.dev", "fargateprofiles"))));
    }

    /// Who may write entries may make an administrator of anybody.
    @ParameterizedTest
    @CsvSource({
        "POST, /clusters/c/access-entries, create",
        "POST, /clusters/c/access-entries/a%2Fb, update",
        "DELETE, /clusters/c/access-entries/a, delete",
        "POST, /clusters/c/access-entries/a/access-policies, update",
        "DELETE, /clusters/c/access-entries/a/access-policies/p, update",
        "GET, /clusters/c/access-entries, list",
        "GET, /clusters/c/access-entries/a/access-policies, get",
    })
    void asksOfAccessEntriesWhatAdministratorsHave(String method, String path, String verb) {
        assertThat(Action.of(method, path).orElseThrow().right())
                .isEqualTo(
                        new Right.Needed(
                                new Attributes(verb, "eks.amazonaws.com", "accessentries")));
    }

    /// Who may write associations lets pods act as roles, which may be anybody.
    @ParameterizedTest
    @CsvSource({
        "GET, /clusters/c/pod-identity-associations, list",
        "POST, /clusters/c/pod-identity-associations, create",
        "GET, /clusters/c/pod-identity-associations/a-1, get",
        "POST, /clusters/c/pod-identity-associations/a-1, update",
        "DELETE, /clusters/c/pod-identity-associations/a-1, delete",
        "GET, /tags/arn%3Aaws%3Aeks%3Ar%3A1%3Apodidentityassociation%2Fc%2Fa-1, get",
        "POST, /tags/arn:aws:eks:r:1:podidentityassociation%2Fc%2Fa-1, update",
        "DELETE, /tags/arn%3aaws%3Aeks%3Ar%3A1%3Apod%69dentityassociation%2Fc%2Fa-1, update",
    })
    void asksOfAssociationsWhatAdministratorsHave(String method, String path, String verb) {
        assertThat(Action.of(method, path).orElseThrow().right())
                .isEqualTo(
                        new Right.Needed(
                                new Attributes(
                                        verb, "eks.amazonaws.com", "podidentityassociations")));
    }

    /// None of them is passed on: whatever would answer it has not asked who may.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/clusters/c/fargate-profiles/",
                "/clusters//fargate-profiles",
                "/clusters/c/fargate-profiles/p/",
                "//clusters/c/fargate-profiles",
                "/clusters/c/fargate%2Dprofiles",
                "/clusters/c/access-entries/",
                "/clusters/c/pod-identity-associations/",
                "/clusters/c/pod-identity-associations/a/b",
                "/clusters/c/assume-role-for-pod-identity",
                "/clusters/c/node-groups",
                "/clusters/c%2Ffargate-profiles",
                "/tags/a/b",
                "/",
                ""
            })
    void knowsNoOtherPath(String path) {
        assertThat(Action.of("POST", path)).isEmpty();
    }
}
