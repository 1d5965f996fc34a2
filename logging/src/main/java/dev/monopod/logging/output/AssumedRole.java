package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import java.util.Optional;

/// A role of AWS that an output takes on before it sends, to another account for example. Source:
/// Fluent Bit's manual, "AWS credentials", and the plugins' own pages.
///
/// @param externalId that the role's trust policy may ask for
/// @param endpoint of STS instead of AWS' own
public record AssumedRole(String arn, Optional<String> externalId, Optional<String> endpoint) {
    /// @return empty if the output takes on none
    static Optional<AssumedRole> read(
            Parameters parameters, String arnKey, String externalIdKey, String endpointKey) {
        var externalId = parameters.text(externalIdKey).filter(text -> !text.isEmpty());
        var endpoint = parameters.text(endpointKey).filter(text -> !text.isEmpty());
        var arn = parameters.text(arnKey).filter(text -> !text.isEmpty());
        arn.filter(text -> !text.matches("arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]{1,512}"))
                .ifPresent(text ->
                        parameters.wrong(
                                "'%s' is no %s".formatted(text, arnKey),
                                "write the ARN of a role, as arn:aws:iam::111122223333:role/NAME"));
        return arn.map(text -> new AssumedRole(text, externalId, endpoint));
    }

    /// By the keys of all outputs but `es`.
    static Optional<AssumedRole> read(Parameters parameters) {
        return read(parameters, "role_arn", "external_id", "sts_endpoint");
    }
}
