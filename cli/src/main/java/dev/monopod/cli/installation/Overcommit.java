package dev.monopod.cli.installation;

import dev.monopod.model.names.Defaults;

/// How much is promised for each that this host has, 1 to 100.
///
/// @param cpu vCPUs for each processor
/// @param storage bytes for each byte of disk
public record Overcommit(int cpu, int storage) {
    public static final Overcommit USUAL = new Overcommit(Defaults.OVERCOMMIT, Defaults.OVERCOMMIT);
}
