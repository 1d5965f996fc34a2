package dev.monopod.agent.pod.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.protocol.guest.SeccompProfile;
import dev.monopod.protocol.guest.Security;
import dev.monopod.protocol.guest.User;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a security context comes to, as under a kubelet of 1.36 with containerd.
class SecuritySettingsTest {
    @TempDir Path folder;

    private static Pod pod(String ofPod, String ofContainer) {
        return Serialization.unmarshal(
                """
                metadata: {name: web, namespace: shop, uid: u1}
                spec:
                  securityContext: {%s}
                  containers: [{name: app, image: x, securityContext: {%s}}]
                """
                        .formatted(ofPod, ofContainer),
                Pod.class);
    }

    private static Container container(Pod pod) {
        return pod.getSpec().getContainers().getFirst();
    }

    private Security security(String ofPod, String ofContainer) {
        Pod pod = pod(ofPod, ofContainer);
        return SecuritySettings.security(pod, container(pod), new SeccompProfiles(folder));
    }

    private static void check(String ofPod, String ofContainer, String imageUser) {
        Pod pod = pod(ofPod, ofContainer);
        NonRoot.check(pod, container(pod), imageUser);
    }

    @Test
    void withoutAWordAContainerHasFargatesCapabilitiesAndNoFilter() {
        Security security = security("", "");
        assertThat(security.getCapabilitiesList())
                .hasSize(14)
                .contains("CAP_NET_RAW", "CAP_SETFCAP")
                .doesNotContain("CAP_SYS_ADMIN");
        assertThat(security.getSeccomp()).isEqualTo(SeccompProfile.UNCONFINED);
        assertThat(security.getNoNewPrivileges()).isFalse();
        assertThat(security.getUnmaskedProc()).isFalse();
    }

    @Test
    void addsAfterAllWasDroppedAndDropsWhatWasAdded() {
        assertThat(
                        security("", "capabilities: {drop: [ALL], add: [chown, CAP_KILL]}")
                                .getCapabilitiesList())
                .containsExactly("CAP_CHOWN", "CAP_KILL");
        assertThat(
                        security("", "capabilities: {drop: [CHOWN, all], add: [CHOWN]}")
                                .getCapabilitiesList())
                .isEmpty();
        assertThat(
                        security("", "capabilities: {add: [ALL], drop: [NET_RAW]}")
                                .getCapabilitiesList())
                .hasSize(13)
                .doesNotContain("CAP_NET_RAW", "CAP_ALL");
    }

    @Test
    void theContainersWordCountsOverThePods() {
        Pod pod =
                pod(
                        "runAsUser: 1, runAsGroup: 2, fsGroup: 4, supplementalGroups: [3, 4],"
                                + " supplementalGroupsPolicy: Strict",
                        "runAsUser: 9");
        User user = SecuritySettings.user(pod, container(pod), "app:staff");
        assertThat(user.getUid()).isEqualTo(9);
        assertThat(user.getGid()).isEqualTo(2);
        assertThat(user.getSupplementalGroupsList()).containsExactly(3L, 4L);
        assertThat(user.getOnlyListedGroups()).isTrue();
        assertThat(
                        security(
                                        "seccompProfile: {type: Unconfined}",
                                        "seccompProfile: {type: RuntimeDefault}")
                                .getSeccomp())
                .isEqualTo(SeccompProfile.RUNTIME_DEFAULT);
        assertThat(
                        security(
                                "seccompProfile: {type: RuntimeDefault}",
                                "allowPrivilegeEscalation: false"))
                .matches(Security::getNoNewPrivileges)
                .matches(s -> s.getSeccomp() == SeccompProfile.RUNTIME_DEFAULT);
    }

    @Test
    void refusesRootInTheKubeletsWords() {
        String of = " (pod: \"web_shop(u1)\", container: app)";
        assertThatThrownBy(() -> check("runAsNonRoot: true", "", ""))
                .hasMessage("container has runAsNonRoot and image will run as root" + of);
        assertThatThrownBy(() -> check("", "runAsNonRoot: true", "0:7"))
                .hasMessage("container has runAsNonRoot and image will run as root" + of);
        assertThatThrownBy(() -> check("runAsNonRoot: true", "", "app:staff"))
                .hasMessage(
                        "container has runAsNonRoot and image has non-numeric user (app), cannot verify"
                                + " user is non-root"
                                + of);
        assertThatThrownBy(() -> check("runAsNonRoot: true, runAsUser: 5", "runAsUser: 0", "7"))
                .hasMessage("container's runAsUser breaks non-root policy" + of)
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.reason()).isEqualTo("CreateContainerConfigError"));
        assertThatThrownBy(() -> check("runAsNonRoot: true", "", "4294967296"))
                .hasMessageStartingWith(
                        "container has runAsNonRoot and image has an invalid user id (4294967296)");
    }

    @Test
    void letsOthersThanRootPass() {
        check("runAsNonRoot: true", "", "7:0");
        check("runAsNonRoot: true, runAsUser: 5", "", "root");
        check("runAsNonRoot: true", "runAsNonRoot: false", "root");
        check("", "", "root");
    }

    @Test
    void readsTheOperatorsProfiles() throws IOException {
        Files.createDirectories(folder.resolve("team"));
        Files.writeString(folder.resolve("team/strict.json"), "{}");
        Security security =
                security(
                        "",
                        "seccompProfile: {type: Localhost, localhostProfile: team/strict.json}");
        assertThat(security.getSeccomp()).isEqualTo(SeccompProfile.LOCALHOST);
        assertThat(security.getSeccompLocalhostJson().toStringUtf8()).isEqualTo("{}");
    }

    @Test
    void tellsWhichProfileIsNotThere() {
        for (String name : new String[] {"none.json", "../outside.json", "/etc/passwd", "."}) {
            assertThatThrownBy(() ->
                            security(
                                    "",
                                    "seccompProfile: {type: Localhost, localhostProfile: '"
                                            + name
                                            + "'}"))
                    .hasMessageStartingWith("cannot load seccomp profile \"")
                    .isInstanceOfSatisfying(
                            ConfigurationException.class,
                            e -> assertThat(e.reason()).isEqualTo("CreateContainerError"));
        }
        assertThatThrownBy(() -> security("seccompProfile: {type: Localhost}", ""))
                .hasMessage("localhostProfile must be set if seccompProfile type is Localhost.");
    }
}
