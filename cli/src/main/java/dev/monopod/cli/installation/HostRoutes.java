package dev.monopod.cli.installation;

import dev.monopod.model.network.Cidr;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The ranges that this host routes itself: what a VPC must not overlap.
public final class HostRoutes {
    private HostRoutes() {}

    /// Ranges of all routing tables, without default routes and without Monopod's own.
    public static List<Cidr> ranges() {
        return parse(
                Commands.output(
                        Duration.ofSeconds(10), "ip", "-4", "route", "show", "table", "all"));
    }

    /// @param routes as `ip route` prints them
    static List<Cidr> parse(String routes) {
        List<Cidr> ranges = new ArrayList<>();
        for (var line : routes.lines().toList()) {
            var words = line.strip().split("\\s+", -1);
            var typed = words[0].matches("local|broadcast|unreachable|blackhole|prohibit|unicast");
            var destination = typed && words.length > 1 ? words[1] : words[0];
            if (destination.equals("default") || HostSnapshot.named(line)) {
                continue;
            }
            try {
                var range = Cidr.around(destination);
                if (range.prefix() > 0) {
                    ranges.add(range);
                }
            } catch (IllegalArgumentException notIpv4) {
                continue;
            }
        }
        return ranges;
    }
}
