package dev.monopod.eks.query;

import dev.monopod.eks.signature.Verdict.Refused;
import java.io.Serial;

/// Ends a call with an error that its client understands.
public final class QueryException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    private final String code;
    private final int status;
    private final String words;

    public QueryException(String code, int status, String message) {
        super(message, null, false, false);
        this.code = code;
        this.status = status;
        this.words = message;
    }

    public static QueryException of(Refused refused) {
        return new QueryException(refused.code(), refused.status(), refused.message());
    }

    /// Of a parameter that is missing, there twice, or out of its bounds.
    public static QueryException invalid(String message) {
        return new QueryException("ValidationError", 400, message);
    }

    /// It cannot be answered now.
    public static QueryException unavailable() {
        return new QueryException(
                "ServiceUnavailable",
                503,
                "The service cannot be reached at this time. Try again.");
    }

    public String code() {
        return code;
    }

    public int status() {
        return status;
    }

    String words() {
        return words;
    }
}
