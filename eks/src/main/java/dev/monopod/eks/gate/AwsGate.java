package dev.monopod.eks.gate;

import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;

/// Tells the services of one listener apart: those that speak forms are asked at `/`, EKS by its
/// paths. Which of the former is meant, the scope of the signature says.
public final class AwsGate {
    private static final String CLOUD_FORMATION = "/cloudformation/aws4_request";

    private final Service eks;
    private final Service sts;
    private final Service cloudFormation;

    /// One of AWS'.
    public interface Service {
        /// @param requestId of the answer, as its headers have it
        ApiResponse answer(ApiRequest request, String requestId);
    }

    public AwsGate(Service eks, Service sts, Service cloudFormation) {
        this.eks = eks;
        this.sts = sts;
        this.cloudFormation = cloudFormation;
    }

    /// @param requestId of the answer, as its headers have it
    public ApiResponse answer(ApiRequest request, String requestId) {
        return service(request).answer(request, requestId);
    }

    private Service service(ApiRequest request) {
        if (!request.path().equals("/")) {
            return eks;
        }
        return request.header("Authorization")
                        .filter(header -> header.contains(CLOUD_FORMATION))
                        .isPresent()
                ? cloudFormation
                : sts;
    }
}
