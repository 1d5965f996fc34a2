package dev.monopod.kube.client;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.Set;

/// An answer of the API server that a caller may expect.
public enum ApiCode {
    /// The request is none, or an admission webhook says no.
    BAD_REQUEST(HttpURLConnection.HTTP_BAD_REQUEST),

    /// It does not know who asks: a token has ended, or its account was deleted.
    UNAUTHORIZED(HttpURLConnection.HTTP_UNAUTHORIZED),

    /// This user may not do it.
    FORBIDDEN(HttpURLConnection.HTTP_FORBIDDEN),

    /// There is no such object, or its kind is not served.
    NOT_FOUND(HttpURLConnection.HTTP_NOT_FOUND),

    /// The object exists already, has changed meanwhile, or is another one of that name.
    CONFLICT(HttpURLConnection.HTTP_CONFLICT),

    /// The object breaks a rule of its kind.
    INVALID(422),

    /// A budget does not allow it now; or the API server is busy.
    TOO_MANY_REQUESTS(429),

    /// It could not do it; the message says why.
    INTERNAL_ERROR(HttpURLConnection.HTTP_INTERNAL_ERROR);

    private static final Set<Integer> LATER =
            Set.of(429, HttpURLConnection.HTTP_UNAVAILABLE, HttpURLConnection.HTTP_GATEWAY_TIMEOUT);

    private final int number;

    ApiCode(int number) {
        this.number = number;
    }

    /// Whether the API server answered so.
    public boolean in(KubernetesClientException answer) {
        return answer.getCode() == number;
    }

    /// Whether the API server said no, so that nothing has changed; otherwise something may have.
    public static boolean refused(KubernetesClientException answer) {
        return answer.getCode() >= HttpURLConnection.HTTP_BAD_REQUEST
                && answer.getCode() < HttpURLConnection.HTTP_INTERNAL_ERROR;
    }

    /// Whether it did not do it now, and may do it if it is asked again.
    public static boolean later(KubernetesClientException failure) {
        return missing(failure) || LATER.contains(failure.getCode());
    }

    /// Whether there was no answer at all.
    public static boolean missing(KubernetesClientException failure) {
        return failure.getCode() == 0;
    }
}
