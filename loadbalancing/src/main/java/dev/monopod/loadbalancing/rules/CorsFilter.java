package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPCORSFilter;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/// Reads the filter CORS of an HTTPRoute.
final class CorsFilter {
    private static final int DEFAULT_SECONDS = 5;
    private static final int MOST = 64;
    private static final Pattern ORIGIN =
            Pattern.compile("\\*|https?://(\\*|(\\*\\.)?[A-Za-z0-9.-]+)(:[0-9]{1,5})?");
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

    private CorsFilter() {}

    /// @throws BadAnnotation when it can't be read, or is too large
    static HttpChange.Cors read(HTTPCORSFilter filter) {
        return new HttpChange.Cors(
                list("allowOrigins", filter.getAllowOrigins(), ORIGIN),
                list("allowMethods", filter.getAllowMethods(), TOKEN),
                list("allowHeaders", filter.getAllowHeaders(), TOKEN),
                list("exposeHeaders", filter.getExposeHeaders(), TOKEN),
                Boolean.TRUE.equals(filter.getAllowCredentials()),
                Objects.requireNonNullElse(filter.getMaxAge(), DEFAULT_SECONDS));
    }

    private static List<String> list(String field, List<String> values, Pattern pattern) {
        var name = "spec.rules.filters.cors." + field;
        Bounds.hold(name + ": entries", values.size(), MOST);
        for (var value : values) {
            Bounds.hold(name + ": characters", value.length(), Bounds.LONGEST_TEXT);
            if (!pattern.matcher(value).matches()) {
                throw new BadAnnotation(
                        "%s: \"%s\" is not served".formatted(name, Readable.text(value)));
            }
        }
        return values;
    }
}
