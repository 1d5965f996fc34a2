package dev.monopod.loadbalancing.rules;

/// One pod that a back end sends to.
///
/// @param address the pod's own address
/// @param weight share among the targets of its back end, 1 to 256
public record Target(String address, int port, int weight, State state, Role role) {
    private static final String LAST_RESORT = "u-";

    public Target(String address, int port, int weight, State state) {
        this(address, port, weight, state, Role.CHECKED);
    }

    /// A draining target keeps what it has, and gets nothing new.
    public enum State {
        READY,
        DRAINING
    }

    /// What a pod is a target as.
    public enum Role {
        /// Gets requests while its checks pass.
        CHECKED,

        /// Gets requests while the checks of all targets fail.
        LAST_RESORT
    }

    /// The same pod for the time in which no check passes.
    public Target asLastResort() {
        return new Target(address, port, weight, state, Role.LAST_RESORT);
    }

    /// The role that a target of this name has.
    public static Role role(String name) {
        return name.startsWith(LAST_RESORT) ? Role.LAST_RESORT : Role.CHECKED;
    }

    /// Name within a back end; one for each address, port and role.
    public String name() {
        var prefix =
                switch (role) {
                    case CHECKED -> "t-";
                    case LAST_RESORT -> LAST_RESORT;
                };
        return prefix + address.replace('.', '-') + "-" + port;
    }
}
