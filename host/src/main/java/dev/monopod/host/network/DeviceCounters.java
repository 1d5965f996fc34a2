package dev.monopod.host.network;

import dev.monopod.host.network.HostNetwork.Traffic;
import dev.monopod.host.network.HostNetwork.Traffic.Direction;
import java.util.HashMap;
import java.util.Map;

/// Reads `/proc/net/dev`. Pure.
final class DeviceCounters {
    private static final int COLUMNS = 16;
    private static final int SENT = 8;

    private DeviceCounters() {}

    /// By device. What a tap has received is what its machine has sent.
    static Map<String, Traffic> parse(String text) {
        var devices = new HashMap<String, Traffic>();
        for (var line : text.lines().toList()) {
            var colon = line.indexOf(':');
            var words = line.substring(colon + 1).strip().split("\\s+", -1);
            if (colon > 0 && words.length >= COLUMNS) {
                devices.put(
                        line.substring(0, colon).strip(),
                        new Traffic(direction(words, SENT), direction(words, 0)));
            }
        }
        return devices;
    }

    private static Direction direction(String[] words, int from) {
        return new Direction(
                Long.parseLong(words[from]),
                Long.parseLong(words[from + 1]),
                Long.parseLong(words[from + 2]),
                Long.parseLong(words[from + 3]));
    }
}
