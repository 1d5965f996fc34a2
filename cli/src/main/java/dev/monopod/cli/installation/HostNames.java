package dev.monopod.cli.installation;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;

/// What this host is called.
public final class HostNames {
    private HostNames() {}

    public static String own() {
        try {
            return InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
        } catch (UnknownHostException unresolvable) {
            return Commands.output(Duration.ofSeconds(5), "hostname")
                    .strip()
                    .toLowerCase(Locale.ROOT);
        }
    }
}
