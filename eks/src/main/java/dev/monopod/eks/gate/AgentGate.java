package dev.monopod.eks.gate;

import dev.monopod.eks.podidentity.AssumeRoleForPodIdentity;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import dev.monopod.eks.wire.ApiResponse;
import dev.monopod.eks.wire.JsonError;
import dev.monopod.model.names.Names;
import java.net.HttpURLConnection;
import java.time.InstantSource;
import java.util.stream.Stream;

/// What agents ask for their pods: credentials of Pod Identity, which are of the asking host's own
/// pods, and STS, whose requests are their own proof. Nothing else, and nobody else.
public final class AgentGate {
    private final AssumeRoleForPodIdentity podIdentity;
    private final AwsGate.Service sts;
    private final InstantSource clock;

    public AgentGate(
            AssumeRoleForPodIdentity podIdentity, AwsGate.Service sts, InstantSource clock) {
        this.podIdentity = podIdentity;
        this.sts = sts;
        this.clock = clock;
    }

    /// @param requestId of the answer, as its headers have it
    /// @param client user of the certificate that the caller showed
    public ApiResponse answer(ApiRequest request, String requestId, String client) {
        if (!client.startsWith(Names.AGENT_USER)) {
            return JsonError.of(
                    HttpURLConnection.HTTP_FORBIDDEN,
                    "AccessDeniedException",
                    "%s is no agent of a host".formatted(client));
        }
        if (AssumeRoleForPodIdentity.isAsked(request)) {
            var host = client.substring(Names.AGENT_USER.length());
            return podIdentity.answer(request, host, clock.instant());
        }
        return request.method().equals("POST") && request.path().equals("/")
                ? sts.answer(asSigned(request), requestId)
                : JsonError.of(
                        HttpURLConnection.HTTP_NOT_FOUND,
                        "UnknownOperationException",
                        "There is no operation %s %s for agents."
                                .formatted(request.method(), request.path()));
    }

    private static ApiRequest asSigned(ApiRequest request) {
        var asked =
                request
                        .header(Names.ASKED_HOST_HEADER)
                        .map(host -> new Header("Host", host))
                        .stream();
        var others =
                request.headers().stream()
                        .filter(header ->
                                !header.name().equalsIgnoreCase("Host")
                                        && !header.name()
                                                .equalsIgnoreCase(Names.ASKED_HOST_HEADER));
        return new ApiRequest(
                request.method(),
                request.path(),
                request.query(),
                Stream.concat(asked, others).toList(),
                request.body());
    }
}
