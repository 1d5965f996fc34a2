package dev.monopod.model.network;

import dev.monopod.model.names.Defaults;

/// The addresses that follow from a range, so that nobody has to be asked for them.
public final class FixedAddresses {
    private FixedAddresses() {}

    /// Of a VPC's first host: it has one before there is an API to ask for it.
    public static String firstHost(Cidr vpc) {
        return vpc.at(Defaults.HOST_OFFSET);
    }

    /// Of the DNS of a cluster that `monopod up` made.
    public static String dns(Cidr services) {
        return services.at(Defaults.DNS_OFFSET);
    }
}
