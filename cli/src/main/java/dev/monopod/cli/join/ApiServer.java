package dev.monopod.cli.join;

import dev.monopod.model.names.Defaults;

/// Where a cluster's API server is.
///
/// @param host name or address
record ApiServer(String host, int port) {
    /// Reads ADDRESS[:PORT].
    ///
    /// @throws IllegalArgumentException if there is no address, or the port is none
    static ApiServer parse(String text) {
        var colon = text.lastIndexOf(':');
        var host = colon < 0 ? text : text.substring(0, colon);
        var port = colon < 0 ? "" + Defaults.API_SERVER_PORT : text.substring(colon + 1);
        if (host.isEmpty() || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
            throw new IllegalArgumentException("%s: not ADDRESS or ADDRESS:PORT".formatted(text));
        }
        return new ApiServer(host, Integer.parseInt(port));
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
