package dev.monopod.loadbalancing.rules;

import java.util.OptionalInt;

/// How a target's health is found out.
///
/// @param path empty: a connection is enough
/// @param codes status codes of a healthy answer, such as `200`, `200-399` or `200,301`
/// @param port empty: the port that traffic goes to
public record HealthCheck(
        String path,
        String codes,
        OptionalInt port,
        int intervalSeconds,
        int timeoutSeconds,
        int healthyThreshold,
        int unhealthyThreshold) {
    /// Default of a Network Load Balancer.
    static final HealthCheck CONNECTION =
            new HealthCheck("", "", OptionalInt.empty(), 10, 10, 3, 3);

    /// Default of an Application Load Balancer.
    static final HealthCheck REQUEST =
            new HealthCheck("/", "200", OptionalInt.empty(), 15, 5, 2, 2);

    public boolean byRequest() {
        return !path.isEmpty();
    }
}
