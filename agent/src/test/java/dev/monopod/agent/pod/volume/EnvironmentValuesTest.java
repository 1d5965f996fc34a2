package dev.monopod.agent.pod.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.agent.pod.spec.DownwardFields;
import dev.monopod.agent.pod.spec.Environment;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentValuesTest {
    private final FakeObjects objects =
            new FakeObjects()
                    .with(
                            """
                            apiVersion: v1
                            kind: Secret
                            metadata: {name: sec}
                            data: {bin: /wD+, nul: YQBi, text: w6TigqzwkJKA}
                            """)
                    .with(
                            """
                            apiVersion: v1
                            kind: ConfigMap
                            metadata: {name: cm}
                            data: {nul: "a\\0b"}
                            """);

    @Test
    void refusesBinarySecretsNamingVariableSecretAndKey() {
        refused(
                "env: [{name: A, valueFrom: {secretKeyRef: {name: sec, key: bin}}}]",
                "environment variable A: key bin of Secret shop/sec is binary, not UTF-8 text; mount"
                        + " it as a file");
        refused(
                "envFrom: [{prefix: P_, secretRef: {name: sec}}]",
                "environment variable P_bin: key bin of Secret shop/sec is binary, not UTF-8 text;"
                        + " mount it as a file");
    }

    @Test
    void refusesNulNamingWhereItComesFrom() {
        refused(
                "env: [{name: A, valueFrom: {secretKeyRef: {name: sec, key: nul}}}]",
                "environment variable A: key nul of Secret shop/sec contains NUL, which no variable"
                        + " can hold");
        refused(
                "env: [{name: A, valueFrom: {configMapKeyRef: {name: cm, key: nul}}}]",
                "environment variable A: key nul of ConfigMap shop/cm contains NUL, which no variable"
                        + " can hold");
        refused(
                "envFrom: [{configMapRef: {name: cm}}]",
                "environment variable nul: key nul of ConfigMap shop/cm contains NUL, which no"
                        + " variable can hold");
        refused(
                "env: [{name: A, value: \"a\\0b\"}]",
                "environment variable A: its value contains NUL, which no variable can hold");
    }

    @Test
    void takesTextOfAnyScript() {
        assertThat(render("env: [{name: A, valueFrom: {secretKeyRef: {name: sec, key: text}}}]"))
                .containsEntry("A", "\u00e4\u20ac\ud801\udc80");
    }

    private void refused(String environment, String message) {
        assertThatThrownBy(() -> render(environment))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(message);
    }

    private Map<String, String> render(String environment) {
        Pod pod =
                new KubernetesSerialization()
                        .unmarshal(
                                """
                                apiVersion: v1
                                kind: Pod
                                metadata: {name: web, namespace: shop}
                                spec: {containers: [{name: app, image: x, %s}]}
                                """
                                        .formatted(environment),
                                Pod.class);
        var fields =
                new DownwardFields(
                        pod,
                        "10.0.0.1",
                        "10.0.0.1",
                        new DownwardFields.Allocatable(250, 512L << 20, 20L << 30));
        return new Environment(objects, fields, (_, _) -> "")
                .render(pod.getSpec().getContainers().getFirst());
    }
}
