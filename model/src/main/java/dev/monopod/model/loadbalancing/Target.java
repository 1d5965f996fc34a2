package dev.monopod.model.loadbalancing;

/// One pod that a back end sends to.
///
/// @param address the pod's own address
/// @param weight share among the targets of its back end, 1 to 256
public record Target(String address, int port, int weight, State state) {
    static final int MOST_WEIGHT = 256;

    /// A draining target keeps what it has, and gets nothing new.
    public enum State {
        READY,
        DRAINING
    }

    /// Name within a back end; one for each address and port.
    public String name() {
        return "t-" + address.replace('.', '-') + "-" + port;
    }
}
