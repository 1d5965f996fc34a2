package dev.monopod.loadbalancing.rules;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteStatus;
import io.fabric8.kubernetes.api.model.gatewayapi.v1alpha3.TLSRouteSpec;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// TLSRoute of version v1, which the client's own classes do not have yet; its spec is that of
/// v1alpha3, which is not served any more.
@Group("gateway.networking.k8s.io")
@Version("v1")
@Kind("TLSRoute")
@Plural("tlsroutes")
@JsonIgnoreProperties(ignoreUnknown = true)
// As every kind says it: else the reader asks a registry, which does not know this one.
@JsonDeserialize(using = JsonDeserializer.None.class)
public final class TlsRoute extends KubernetesObject implements Namespaced {
    @Serial private static final long serialVersionUID = 1L;

    private @Nullable TLSRouteSpec spec;
    private @Nullable RouteStatus status;

    public TlsRoute() {
        super("gateway.networking.k8s.io/v1", "TLSRoute");
    }

    public @Nullable TLSRouteSpec getSpec() {
        return spec;
    }

    public void setSpec(@Nullable TLSRouteSpec spec) {
        this.spec = spec;
    }

    public @Nullable RouteStatus getStatus() {
        return status;
    }

    public void setStatus(@Nullable RouteStatus status) {
        this.status = status;
    }
}
