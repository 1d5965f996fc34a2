package dev.monopod.loadbalancing.haproxy;

import dev.monopod.loadbalancing.rules.Target;
import dev.monopod.loadbalancing.rules.Target.State;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Reads what HAProxy tells of its servers. Pure.
public final class TargetTable {
    /// Bits of `srv_admin_state`: maintenance and drain, as set on the socket.
    private static final int FORCED_MAINTENANCE = 1;

    private static final int FORCED_DRAIN = 8;
    private static final String NOT_CHECKED = "INI";
    private static final Set<String> GOOD_CHECKS = Set.of("L4OK", "L6OK", "L7OK", "L7OKC");

    private TargetTable() {}

    /// Targets by section, from the answer to `show servers state`.
    public static Map<String, List<Target>> targets(String answer) {
        var targets = new TreeMap<String, List<Target>>();
        var columns = new HashMap<String, Integer>();
        for (var line : answer.lines().toList()) {
            var words = line.split(" ", -1);
            if (line.startsWith("# ")) {
                for (var column = 1; column < words.length; column++) {
                    columns.put(words[column], column - 1);
                }
            } else if (words.length > 5 && !columns.isEmpty()) {
                targets.computeIfAbsent(
                                words[column(columns, "be_name")], each -> new ArrayList<>())
                        .add(target(words, columns));
            }
        }
        return targets;
    }

    private static Target target(String[] words, Map<String, Integer> columns) {
        var admin = Integer.parseInt(words[column(columns, "srv_admin_state")]);
        var weight = Integer.parseInt(words[column(columns, "srv_uweight")]);
        var draining = (admin & (FORCED_DRAIN | FORCED_MAINTENANCE)) != 0 || weight == 0;
        return new Target(
                words[column(columns, "srv_addr")],
                Integer.parseInt(words[column(columns, "srv_port")]),
                weight,
                draining ? State.DRAINING : State.READY,
                Target.role(words[column(columns, "srv_name")]));
    }

    /// Whether servers passed their last check, by `SECTION/SERVER`, from the answer to `show
    /// stat`. A server without a check, or not yet checked, is missing.
    public static Map<String, Boolean> health(String answer) {
        var health = new HashMap<String, Boolean>();
        var columns = new HashMap<String, Integer>();
        for (var line : answer.lines().toList()) {
            var words = line.split(",", -1);
            if (line.startsWith("# ")) {
                for (var column = 0; column < words.length; column++) {
                    columns.put(words[column].replace("# ", ""), column);
                }
            } else if (words.length > 40 && !columns.isEmpty()) {
                var check = words[column(columns, "check_status")].replace("* ", "");
                if (!check.isEmpty() && !check.equals(NOT_CHECKED)) {
                    health.put(
                            words[column(columns, "pxname")]
                                    + "/"
                                    + words[column(columns, "svname")],
                            words[column(columns, "status")].startsWith("UP")
                                    && GOOD_CHECKS.contains(check));
                }
            }
        }
        return health;
    }

    private static int column(Map<String, Integer> columns, String name) {
        var column = columns.get(name);
        if (column == null) {
            throw new IllegalStateException("HAProxy's table has no column " + name);
        }
        return column;
    }
}
