package dev.monopod.loadbalancing.rules;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.api.model.ObjectMeta;
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
public final class TlsRoute implements HasMetadata, Namespaced {
    @Serial private static final long serialVersionUID = 1L;

    private String apiVersion = "gateway.networking.k8s.io/v1";
    private String kind = "TLSRoute";
    private ObjectMeta metadata = new ObjectMeta();
    private @Nullable TLSRouteSpec spec;
    private @Nullable RouteStatus status;

    @Override
    public String getApiVersion() {
        return apiVersion;
    }

    @Override
    public void setApiVersion(String apiVersion) {
        this.apiVersion = apiVersion;
    }

    @Override
    public String getKind() {
        return kind;
    }

    public void setKind(String kind) {
        this.kind = kind;
    }

    @Override
    public ObjectMeta getMetadata() {
        return metadata;
    }

    @Override
    public void setMetadata(ObjectMeta metadata) {
        this.metadata = metadata;
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
