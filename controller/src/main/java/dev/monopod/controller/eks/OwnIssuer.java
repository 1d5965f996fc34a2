package dev.monopod.controller.eks;

import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.sts.IdentityProvider;
import dev.monopod.eks.sts.IdentityProviders;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import java.util.Set;

/// The cluster, which issues tokens of service accounts: STS takes them by the keys that the API
/// server has at that moment.
final class OwnIssuer implements IdentityProviders {
    private static final String KEYS = "/openid/v1/jwks";
    private static final Set<String> AUDIENCES = Set.of("sts.amazonaws.com");

    private final KubernetesClient client;
    private final String account;
    private final String issuer;

    OwnIssuer(KubernetesClient client, String account, String issuer) {
        this.client = client;
        this.account = account;
        this.issuer = issuer;
    }

    @Override
    public Optional<IdentityProvider> find(String asked) {
        if (!asked.equals(issuer)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new IdentityProvider(account, issuer, AUDIENCES, client.raw(KEYS)));
        } catch (KubernetesClientException failure) {
            throw new IdentityUnavailableException("cannot read the cluster's " + KEYS, failure);
        }
    }
}
