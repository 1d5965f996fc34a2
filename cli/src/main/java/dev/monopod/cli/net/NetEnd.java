package dev.monopod.cli.net;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.model.network.Cidr;

/// One end of a connection, as a user names it.
sealed interface NetEnd {
    record OfPod(String namespace, String name) implements NetEnd {}

    record OfService(String namespace, String name) implements NetEnd {}

    /// @param address IPv4, dotted
    record OfAddress(String address) implements NetEnd {}

    /// Reads `[NAMESPACE/]POD`.
    ///
    /// @param namespace of what names none
    static OfPod pod(String text, String namespace) {
        var slash = text.indexOf('/');
        return new OfPod(
                slash < 0 ? namespace : text.substring(0, slash), text.substring(slash + 1));
    }

    /// Reads `[NAMESPACE/]POD`, `svc/[NAMESPACE/]SERVICE` or an address.
    ///
    /// @param namespace of what names none
    /// @throws CliException when it looks like an address and is none
    static NetEnd parse(String text, String namespace) {
        if (text.startsWith("svc/")) {
            var named = pod(text.substring("svc/".length()), namespace);
            return new OfService(named.namespace(), named.name());
        }
        if (text.matches("[0-9.]+")) {
            try {
                return new OfAddress(Cidr.text(Cidr.address(text)));
            } catch (IllegalArgumentException malformed) {
                throw new CliException(String.valueOf(malformed.getMessage()));
            }
        }
        return pod(text, namespace);
    }
}
