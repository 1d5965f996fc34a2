package dev.monopod.cli.installation;

import dev.monopod.cli.terminal.Json;
import dev.monopod.model.network.FixedAddresses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Optional;

/// What `up` or `join` decided for this host; kept until `down`, so that the next `up` decides the
/// same.
///
/// @param hostName of the Host object
public record Installation(
        String hostName, Addressing network, Overcommit overcommit, Standing standing) {
    /// Address of this host in the VPC.
    public String hostAddress() {
        return standing.givenAddress().orElseGet(() -> FixedAddresses.firstHost(network.range()));
    }

    public String dnsAddress() {
        return standing.dnsAddress(network.services());
    }

    /// The same at this address in the VPC.
    ///
    /// @throws IllegalStateException for a host of a cluster of its own, which has its address
    public Installation at(String address) {
        Standing there =
                switch (standing) {
                    case Standing.Alone _, Standing.First _ ->
                            throw new IllegalStateException("it has its address: " + this);
                    case Standing.Member it ->
                            new Standing.Member(it.dns(), it.underlay(), address);
                    case Standing.Guest it ->
                            new Standing.Guest(
                                    it.kubeconfig(),
                                    it.dns(),
                                    it.underlay(),
                                    Optional.of(address),
                                    it.role());
                };
        return new Installation(hostName, network, overcommit, there);
    }

    /// What an earlier `up` or `join` decided here.
    public static Optional<Installation> read(Layout layout) {
        try {
            var file = layout.installation();
            return Files.exists(file)
                    ? Optional.of(Json.read(file, InstallationFile.class).installation())
                    : Optional.empty();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public void write(Layout layout) {
        try {
            Files.writeString(layout.installation(), Json.write(InstallationFile.of(this, layout)));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
