package dev.monopod.loadbalancing.haproxy;

import dev.monopod.loadbalancing.rules.Backend;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.Stickiness;
import dev.monopod.loadbalancing.rules.Stickiness.Mark;
import java.nio.file.Path;
import java.util.Collection;

/// Clients that come back to their target, in HAProxy's words. A cookie of ours names the target,
/// so that nothing has to be kept; for the others a back end has a table, which a worker hands to
/// the next one. Both take servers that come by the runtime socket.
final class StickText {
    /// A table never grows: the entry that was used longest ago makes room.
    private static final int MOST_CLIENTS = 10_000;

    private static final int LONGEST_COOKIE = 128;

    /// Where the workers find each other.
    private static final String PEERS =
            """

            peers monopod
              bind unix@%s/peers.sock mode 600
              server monopod
            """;

    /// A client may name any target that is checked; one that is down is not used.
    private static final String GIVEN =
            """
              use-server %%[req.cook(%1$s)] if { req.cook(%1$s) -m reg ^t-[0-9-]+$ }
              http-response add-header Set-Cookie "%1$s=%%[srv_name,regsub(^u-,t-)]; Max-Age=%2$d; Path=/"
            """;

    private static final String OF =
            """
              stick match req.cook(%1$s)
              stick store-request req.cook(%1$s)
              stick store-response res.cook(%1$s)
            """;

    private StickText() {}

    /// The section by which tables outlive a reload; empty if none of these has one.
    static String peers(Collection<LoadBalancer> balancers, Path folder) {
        return balancers.stream()
                        .flatMap(balancer -> balancer.backends().stream())
                        .anyMatch(StickText::keepsClients)
                ? PEERS.formatted(folder)
                : "";
    }

    private static boolean keepsClients(Backend backend) {
        return backend.behaviour() instanceof Behaviour.Pool pool
                && pool.stickiness()
                        .filter(stickiness -> !(stickiness.mark() instanceof Mark.Given))
                        .isPresent();
    }

    static String of(Stickiness stickiness) {
        var seconds = stickiness.lasts().toSeconds();
        return switch (stickiness.mark()) {
            case Mark.Given(String cookie) -> GIVEN.formatted(cookie, seconds);
            case Mark.Of(String cookie) ->
                    table("string len " + LONGEST_COOKIE, seconds) + OF.formatted(cookie);
            case Mark.Address() -> table("ip", seconds) + "  stick on src\n";
        };
    }

    private static String table(String type, long seconds) {
        return "  stick-table type %s size %d expire %ds peers monopod\n"
                .formatted(type, MOST_CLIENTS, seconds);
    }
}
