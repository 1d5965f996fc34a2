package dev.monopod.eks.operations;

import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.podidentity.Associations;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import dev.monopod.kube.client.ApiCode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers every request to the EKS API, with an error of EKS where it cannot do as asked; never
/// throws. Who may call is settled before. Blocks on the API server; thread-safe.
public final class EksApi {
    private static final Logger LOG = LoggerFactory.getLogger(EksApi.class);

    private final Map<String, Handler> handlers;

    /// Does one operation. What it returns becomes the body of the answer.
    private interface Handler {
        /// @throws Refusal if it cannot be done
        Object answer(Call call);
    }

    /// @param cluster asked anew for every request
    public EksApi(
            Supplier<ClusterDescription> cluster,
            ProfileStore store,
            Associations associations,
            InstantSource clock) {
        var clusters = new ClusterOperations(cluster);
        var profiles = new ProfileOperations(clusters, store);
        var identities = new PodIdentityOperations(clusters, associations, clock);
        var tags = new TagOperations(cluster, profiles, store, identities);
        handlers =
                Map.ofEntries(
                        Map.entry("CreateFargateProfile", profiles::create),
                        Map.entry("DescribeFargateProfile", profiles::describe),
                        Map.entry("ListFargateProfiles", profiles::list),
                        Map.entry("DeleteFargateProfile", profiles::delete),
                        Map.entry("CreatePodIdentityAssociation", identities::create),
                        Map.entry("DescribePodIdentityAssociation", identities::describe),
                        Map.entry("ListPodIdentityAssociations", identities::list),
                        Map.entry("UpdatePodIdentityAssociation", identities::update),
                        Map.entry("DeletePodIdentityAssociation", identities::delete),
                        Map.entry("TagResource", tags::tag),
                        Map.entry("UntagResource", tags::untag),
                        Map.entry("ListTagsForResource", tags::list),
                        Map.entry("DescribeCluster", clusters::describe),
                        Map.entry("ListClusters", clusters::list),
                        Map.entry("DescribeClusterVersions", clusters::versions));
    }

    public ApiResponse answer(ApiRequest request, Caller caller) {
        try {
            return new ApiResponse(
                    HttpURLConnection.HTTP_OK,
                    Map.of("Content-Type", Json.MEDIA_TYPE),
                    Json.write(result(request, caller)));
        } catch (Refusal refusal) {
            return refusal.response();
        } catch (KubernetesClientException failure) {
            LOG.warn(
                    "failed to answer {} {}: {}",
                    request.method(),
                    request.path(),
                    failure.toString());
            return refusal(failure).response();
        } catch (RuntimeException bug) {
            LOG.error("failed to answer {} {}", request.method(), request.path(), bug);
            return Refusal.of(
                            Refusal.Kind.SERVER,
                            "Monopod failed to answer; the controller's log says why")
                    .response();
        }
    }

    private Object result(ApiRequest request, Caller caller) {
        var called =
                Operation.called(request.method(), Encoding.segments(request.path()))
                        .orElseThrow(() ->
                                Refusal.of(
                                        Refusal.Kind.UNKNOWN_OPERATION,
                                        "EKS has no operation "
                                                + request.method()
                                                + " "
                                                + request.path()));
        var handler = handlers.get(called.operation().name());
        if (handler == null) {
            throw Refusal.of(
                    Refusal.Kind.INVALID_REQUEST,
                    "Monopod does not serve "
                            + called.operation().name()
                            + " of the EKS API; it serves "
                            + handlers.keySet().stream()
                                    .sorted()
                                    .collect(Collectors.joining(", ")));
        }
        return handler.answer(
                new Call(
                        called.variables(),
                        Encoding.parameters(request.query()),
                        request.body(),
                        caller));
    }

    /// What the API server's failure is to a caller: a 503 is tried again by every SDK.
    private static Refusal refusal(KubernetesClientException failure) {
        return ApiCode.later(failure)
                ? Refusal.of(
                        Refusal.Kind.SERVICE_UNAVAILABLE,
                        "The cluster's API server does not answer. Try again; a request that was"
                                + " carried out is not carried out twice.")
                : Refusal.of(
                        Refusal.Kind.SERVER,
                        "The cluster's API server failed: " + Words.of(failure));
    }
}
