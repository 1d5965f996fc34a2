package dev.monopod.host.network;

import dev.monopod.model.network.Firewall;
import java.util.HashMap;
import java.util.Map;

/// The firewalls of this host's VPCs in the kernel. The first change of each after a start replaces
/// the whole table in one transaction, as does one after a failure: nobody knows what is there. Not
/// thread-safe.
public final class PolicyTables {
    private final HostCommand command = HostCommand.ofThisHost();
    private final Map<String, Firewall> applied = new HashMap<>();

    /// Returns when the kernel judges packets by it. Nothing is done if it does already.
    ///
    /// @throws NetworkException when the kernel refuses it; the rules of before still hold
    public void apply(String vpc, Firewall firewall) {
        var before = applied.remove(vpc);
        var script =
                before == null ? PolicyTable.whole(firewall) : PolicyTable.change(before, firewall);
        if (!script.isEmpty()) {
            command.nft(LinkNames.namespace(vpc), script);
        }
        applied.put(vpc, firewall);
    }

    /// Asks the kernel about the whole table, and changes nothing.
    ///
    /// @throws NetworkException when the kernel would refuse it
    public void check(String vpc, Firewall firewall) {
        command.nftCheck(LinkNames.namespace(vpc), PolicyTable.whole(firewall));
    }
}
