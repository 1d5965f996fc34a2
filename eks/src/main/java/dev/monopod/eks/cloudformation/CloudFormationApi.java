package dev.monopod.eks.cloudformation;

import dev.monopod.eks.query.Element;
import dev.monopod.eks.query.QueryAnswers;
import dev.monopod.eks.query.QueryCall;
import dev.monopod.eks.query.QueryException;
import dev.monopod.eks.signature.SignatureVerifier;
import dev.monopod.eks.signature.Verdict.Refused;
import dev.monopod.eks.signature.Verdict.Signed;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import java.time.Instant;

/// A CloudFormation without any stack: `eksctl` asks for those of a cluster before it creates a
/// Fargate profile. Everything else is an unknown operation. Any thread may call.
public final class CloudFormationApi {
    private static final String VERSION = "2010-05-15";
    private static final QueryAnswers ANSWERS =
            new QueryAnswers("http://cloudformation.amazonaws.com/doc/2010-05-15/");

    private final SignatureVerifier signatures;

    public CloudFormationApi(SignatureVerifier signatures) {
        this.signatures = signatures;
    }

    public ApiResponse handle(ApiRequest request, Instant now, String requestId) {
        try {
            return switch (signatures.verify(request, now, "cloudformation")) {
                case Refused refused -> throw QueryException.of(refused);
                case Signed signed -> answer(request, requestId);
            };
        } catch (QueryException error) {
            return ANSWERS.error(error, requestId);
        }
    }

    private static ApiResponse answer(ApiRequest request, String requestId) throws QueryException {
        var action = QueryCall.of(request).action(VERSION);
        if (!action.equals("ListStacks")) {
            throw QueryCall.unknown(action, VERSION);
        }
        return ANSWERS.xml(
                action, requestId, Element.of("ListStacksResult", Element.of("StackSummaries")));
    }
}
