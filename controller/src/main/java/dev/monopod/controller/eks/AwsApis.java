package dev.monopod.controller.eks;

import com.sun.net.httpserver.HttpHandler;
import dev.monopod.eks.access.AccessEntriesApi;
import dev.monopod.eks.access.ClusterIdentity;
import dev.monopod.eks.access.KubernetesAccessEntries;
import dev.monopod.eks.access.TokenReviews;
import dev.monopod.eks.authorization.AccessReviews;
import dev.monopod.eks.cloudformation.CloudFormationApi;
import dev.monopod.eks.gate.AgentGate;
import dev.monopod.eks.gate.AwsGate;
import dev.monopod.eks.gate.EksGate;
import dev.monopod.eks.identity.SecretAccessKeys;
import dev.monopod.eks.identity.Sessions;
import dev.monopod.eks.identity.StoredSessionSecret;
import dev.monopod.eks.identity.UsersAndSessions;
import dev.monopod.eks.operations.EksApi;
import dev.monopod.eks.operations.KubernetesProfileStore;
import dev.monopod.eks.podidentity.AssumeRoleForPodIdentity;
import dev.monopod.eks.podidentity.KubernetesAssociations;
import dev.monopod.eks.podidentity.MachinesOfPods;
import dev.monopod.eks.podidentity.ReviewedPodTokens;
import dev.monopod.eks.signature.SignatureVerifier;
import dev.monopod.eks.sts.ConfigMapRoles;
import dev.monopod.eks.sts.ServiceSessions;
import dev.monopod.eks.sts.StsApi;
import dev.monopod.eks.token.TokenVerdict;
import dev.monopod.eks.token.TokenVerifier;
import dev.monopod.kube.client.BriskClient;
import dev.monopod.model.loop.Loops;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Everything that tools of AWS meet, on every replica: it holds no state of its own.
final class AwsApis implements AutoCloseable {
    private final KubernetesClient client;
    private final AwsServer server;
    private final Optional<AwsServer> agents;
    private final HttpHandler tokens;

    /// @param address where it listens
    /// @throws IOException if it cannot listen there, or has no certificate
    AwsApis(
            InetSocketAddress address,
            AwsOptions options,
            ClusterIdentity cluster,
            KubernetesClient of,
            Clock clock,
            Loops loops)
            throws IOException {
        client = BriskClient.of(of);
        var random = new SecureRandom();
        var sessions = new Sessions(new StoredSessionSecret(client, random, clock), random);
        var keys =
                new UsersAndSessions(
                        new SecretAccessKeys(client, cluster.account(), random), sessions);
        var entries = new KubernetesAccessEntries(client);
        var identities = new KnownIdentities(client, entries, cluster.account());
        var associations = new KubernetesAssociations(client);
        var roles = new ConfigMapRoles(client);
        var described = new DescribedCluster(client, cluster, options);
        var eks = new EksApi(described, new KubernetesProfileStore(client), associations, clock);
        var access = new AccessEntriesApi(entries, cluster, clock, UUID::randomUUID);
        var verifier = new SignatureVerifier(keys, cluster.region());
        var sts =
                new StsApi(
                        verifier,
                        sessions,
                        roles,
                        new OwnIssuer(client, cluster.account(), options.issuer()));
        var stacks = new CloudFormationApi(verifier);
        var gate =
                new EksGate(
                        verifier,
                        identities,
                        new AccessReviews(client),
                        (request, caller) ->
                                access.answer(request).orElseGet(() -> eks.answer(request, caller)),
                        clock);
        var tools =
                new AwsGate(
                        (request, _) -> gate.answer(request),
                        (request, id) -> sts.handle(request, clock.instant(), id),
                        (request, id) -> stacks.handle(request, clock.instant(), id));
        server =
                new AwsServer(
                        address,
                        AwsTls.ofTools(options),
                        (request, id, _) -> tools.answer(request, id),
                        loops);
        var forAgents =
                new AgentGate(
                        new AssumeRoleForPodIdentity(
                                new AssumeRoleForPodIdentity.Cluster(
                                        cluster.name(), cluster.arn(), cluster.account()),
                                new ReviewedPodTokens(client),
                                new MachinesOfPods(client),
                                associations,
                                new ServiceSessions(roles, sessions)),
                        (request, id) -> sts.handle(request, clock.instant(), id),
                        clock);
        agents =
                options.agents().isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                new AwsServer(
                                        AwsTools.address(options.agents().get()),
                                        AwsTls.ofAgents(options),
                                        forAgents::answer,
                                        loops));
        var verified = new TokenVerifier(keys, cluster.name(), hosts(cluster, address, options));
        tokens =
                new TokenWebhook(review ->
                        TokenReviews.answer(
                                review,
                                token -> whose(verified.verify(token, clock.instant())),
                                identities));
    }

    /// Begins to answer.
    void start() {
        server.start();
        agents.ifPresent(AwsServer::start);
    }

    /// The webhook of the API server that tells whose a token is.
    HttpHandler tokens() {
        return tokens;
    }

    /// Of STS, for which a tool may have signed: AWS' own, which unchanged tools take, and ours.
    private static Set<String> hosts(
            ClusterIdentity cluster, InetSocketAddress address, AwsOptions options) {
        var port = address.getPort();
        return Stream.of(
                        "sts.amazonaws.com",
                        "sts.%s.amazonaws.com".formatted(cluster.region()),
                        "localhost:" + port,
                        "127.0.0.1:" + port,
                        "%s:%d".formatted(URI.create(options.apiServer()).getHost(), port))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static TokenReviews.Token whose(TokenVerdict verdict) {
        return switch (verdict) {
            case TokenVerdict.Token(var caller) -> new TokenReviews.Token.Valid(caller);
            case TokenVerdict.Refused(String reason) -> new TokenReviews.Token.Invalid(reason);
            case TokenVerdict.Unavailable(String reason) ->
                    // An error, which the API server does not remember, as it would a refusal.
                    throw new IllegalStateException(reason);
        };
    }

    @Override
    public void close() {
        server.close();
        agents.ifPresent(AwsServer::close);
        client.close();
    }
}
