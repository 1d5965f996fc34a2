package dev.monopod.loadbalancing.rules;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// AWS' own object, of the cluster: what an administrator says of the Ingresses of a class. Only
/// what decides who may share a load balancer is read.
@Group("elbv2.k8s.aws")
@Version("v1beta1")
@Kind("IngressClassParams")
@Plural("ingressclassparams")
@JsonIgnoreProperties(ignoreUnknown = true)
// As every kind says it: else the reader asks a registry, which does not know this one.
@JsonDeserialize(using = JsonDeserializer.None.class)
public final class IngressClassParams extends KubernetesObject {
    @Serial private static final long serialVersionUID = 1L;

    private @Nullable Spec spec;

    /// @param namespaceSelector whose Ingresses may use the class, and share groups; absent: all
    ///   may use it, and share with their own namespace
    /// @param group that all Ingresses of the class are in
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Spec(@Nullable LabelSelector namespaceSelector, @Nullable Group group)
            implements java.io.Serializable {
        @JsonIgnoreProperties(ignoreUnknown = true)
        public record Group(@Nullable String name) implements java.io.Serializable {}
    }

    public IngressClassParams() {
        super("elbv2.k8s.aws/v1beta1", "IngressClassParams");
    }

    public @Nullable Spec getSpec() {
        return spec;
    }

    public void setSpec(@Nullable Spec spec) {
        this.spec = spec;
    }
}
