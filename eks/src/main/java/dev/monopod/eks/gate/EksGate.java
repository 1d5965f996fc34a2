package dev.monopod.eks.gate;

import dev.monopod.eks.access.Mapping;
import dev.monopod.eks.authorization.Action;
import dev.monopod.eks.authorization.Action.Attributes;
import dev.monopod.eks.authorization.Action.Right;
import dev.monopod.eks.authorization.Rights;
import dev.monopod.eks.authorization.Rights.Subject;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.signature.SignatureVerifier;
import dev.monopod.eks.signature.Verdict;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import dev.monopod.eks.wire.JsonError;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.InstantSource;
import java.util.function.BiFunction;
import java.util.function.Function;

/// Lets a request through to the EKS API if it is signed, is an operation that has a right in
/// [Action], and its caller has this right. Nothing else gets through.
public final class EksGate {
    private static final String SERVICE = "eks";

    private final SignatureVerifier verifier;
    private final Function<Caller, Mapping> mapping;
    private final Rights rights;
    private final BiFunction<ApiRequest, Caller, ApiResponse> api;
    private final InstantSource clock;

    /// @param mapping who a caller is in Kubernetes
    /// @param api answers what is let through
    public EksGate(
            SignatureVerifier verifier,
            Function<Caller, Mapping> mapping,
            Rights rights,
            BiFunction<ApiRequest, Caller, ApiResponse> api,
            InstantSource clock) {
        this.verifier = verifier;
        this.mapping = mapping;
        this.rights = rights;
        this.api = api;
        this.clock = clock;
    }

    public ApiResponse answer(ApiRequest request) {
        return switch (verifier.verify(request, clock.instant(), SERVICE)) {
            case Verdict.Refused(String code, int status, String message) ->
                    JsonError.of(status, code, message);
            case Verdict.Signed signed ->
                    Action.of(request.method(), request.path())
                            .map(action -> asked(request, signed.caller(), action))
                            .orElseGet(() -> unknown(request));
        };
    }

    private ApiResponse asked(ApiRequest request, Caller caller, Action action) {
        try {
            return may(caller, action) ? api.apply(request, caller) : denied(caller, action);
        } catch (KubernetesClientException failure) {
            return JsonError.of(
                    HttpURLConnection.HTTP_UNAVAILABLE,
                    "ServiceUnavailableException",
                    "The cluster's API server does not say whether you may. Try again.");
        }
    }

    private boolean may(Caller caller, Action action) {
        return switch (action.right()) {
            case Right.Described(Attributes ofSessions) ->
                    isUser(caller) || mayAs(caller, ofSessions);
            case Right.Needed(Attributes attributes) -> mayAs(caller, attributes);
        };
    }

    /// Of whom an operator has made a key; not the session of a role, which a pod may hold.
    private static boolean isUser(Caller caller) {
        return caller.arn().startsWith("arn:aws:iam::") && caller.arn().contains(":user/");
    }

    private boolean mayAs(Caller caller, Attributes attributes) {
        return switch (mapping.apply(caller)) {
            case Mapping.Unmapped _ -> false;
            case Mapping.Mapped user ->
                    rights.has(
                            new Subject(user.username(), user.uid(), user.groups(), user.extra()),
                            attributes);
        };
    }

    private static ApiResponse denied(Caller caller, Action action) {
        return JsonError.of(
                HttpURLConnection.HTTP_FORBIDDEN,
                "AccessDeniedException",
                "User: %s is not authorized to perform: eks:%s"
                        .formatted(caller.arn(), action.name()));
    }

    private static ApiResponse unknown(ApiRequest request) {
        return JsonError.of(
                HttpURLConnection.HTTP_NOT_FOUND,
                "UnknownOperationException",
                "Monopod serves no operation %s %s of EKS."
                        .formatted(request.method(), request.path()));
    }
}
