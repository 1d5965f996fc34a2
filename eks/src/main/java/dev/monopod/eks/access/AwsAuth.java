package dev.monopod.eks.access;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.FailsafeSchema;

/// The ConfigMap `aws-auth` of `kube-system`, read. Its groups are what the administrator wrote,
/// `system:masters` as well: that is what it is for.
public final class AwsAuth {
    /// Where there is no such ConfigMap.
    public static final AwsAuth NONE = new AwsAuth();

    private static final Pattern ACCOUNT = Pattern.compile("\\d{12}");
    private static final Set<String> NOTHING = Set.of("", "``", "\"\"", "''");
    private static final Set<String> NULLS = Set.of("", "~", "null");

    /// Whom a line maps.
    ///
    /// @param username empty if the line has none
    record Line(String username, List<String> groups) {
        Line {
            groups = List.copyOf(groups);
        }
    }

    private final Map<String, Line> roles = new LinkedHashMap<>();
    private final Map<String, Line> users = new LinkedHashMap<>();
    private final Set<String> accounts = new HashSet<>();
    private final List<String> problems = new ArrayList<>();

    private AwsAuth() {}

    /// Never fails: a bad line is left out, and the others count.
    ///
    /// @param data of the ConfigMap
    public static AwsAuth parse(Map<String, String> data) {
        var read = new AwsAuth();
        read.section(
                data, "mapRoles", (place, item) -> read.line(place, item, "rolearn", read.roles));
        read.section(
                data, "mapUsers", (place, item) -> read.line(place, item, "userarn", read.users));
        read.section(data, "mapAccounts", read::account);
        return read;
    }

    /// What was left out, and why.
    public List<String> problems() {
        return List.copyOf(problems);
    }

    Optional<Line> find(Principal principal) {
        // Both as written: a role that is written with its path is nobody's, as on EKS.
        var arn = principal.arn().toLowerCase(Locale.ROOT);
        return Optional.ofNullable(roles.get(arn)).or(() -> Optional.ofNullable(users.get(arn)));
    }

    boolean hasAccount(String account) {
        return accounts.contains(account);
    }

    @FunctionalInterface
    private interface Item {
        void read(String place, @Nullable Object item);
    }

    /// By YAML's plainest schema all scalars are text, so that no account is read as a number.
    private void section(Map<String, String> data, String name, Item reader) {
        var text = data.getOrDefault(name, "");
        if (NOTHING.contains(text.strip())) {
            return;
        }
        var settings =
                LoadSettings.builder()
                        .setLabel(name)
                        .setSchema(new FailsafeSchema())
                        .setTagConstructors(Map.of(Tag.NULL, _ -> ""))
                        .setAllowDuplicateKeys(true)
                        .setAllowNonScalarKeys(true)
                        .build();
        @Nullable Object loaded;
        try {
            loaded = new Load(settings).loadFromString(text);
        } catch (YamlEngineException e) {
            problems.add(
                    "%s: cannot read it, all of it is left out: %s"
                            .formatted(name, e.getMessage()));
            return;
        }
        if (!(loaded instanceof List<?> items)) {
            problems.add(name + ": not a list, all of it is left out");
            return;
        }
        for (var i = 0; i < items.size(); i++) {
            reader.read("%s[%d]".formatted(name, i), items.get(i));
        }
    }

    /// Of two lines for the same ARN the last counts.
    private void line(String place, @Nullable Object item, String arnKey, Map<String, Line> lines) {
        if (!(item instanceof Map<?, ?> map)) {
            problems.add(place + ": not a map");
            return;
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            if (key instanceof String text && value != null) {
                fields.put(text.toLowerCase(Locale.ROOT), value);
            }
        });
        var arn = text(fields.get(arnKey));
        var username = text(fields.getOrDefault("username", ""));
        @Nullable List<String> groups = groups(fields.getOrDefault("groups", ""));
        if (arn == null || NULLS.contains(arn)) {
            problems.add("%s: no %s".formatted(place, arnKey));
        } else if (username == null) {
            problems.add("%s: username of %s is no text".formatted(place, arn));
        } else if (groups == null) {
            problems.add("%s: groups of %s are no list of texts".formatted(place, arn));
        } else if (groups.stream().anyMatch(group -> group.startsWith(Reserved.ENTRY_GROUP))) {
            problems.add(
                    "%s: only an access entry gives the groups %s…, not a line for %s"
                            .formatted(place, Reserved.ENTRY_GROUP, arn));
        } else {
            lines.put(
                    arn.toLowerCase(Locale.ROOT),
                    new Line(NULLS.contains(username) ? "" : username, groups));
            Principal.parse(arn)
                    .filter(found -> found.kind() == Principal.Kind.ROLE)
                    .filter(found -> !found.path().isEmpty())
                    .ifPresent(found ->
                            problems.add(
                                    "%s: %s matches nobody, write it without the path %s"
                                            .formatted(place, arn, found.path())));
        }
    }

    private void account(String place, @Nullable Object item) {
        var account = text(item);
        if (account == null || !ACCOUNT.matcher(account).matches()) {
            problems.add("%s: not the twelve digits of an account".formatted(place));
        } else {
            accounts.add(account);
        }
    }

    private static @Nullable String text(@Nullable Object value) {
        return value instanceof String text ? text.strip() : null;
    }

    private static @Nullable List<String> groups(@Nullable Object value) {
        if (value instanceof String text && NULLS.contains(text.strip())) {
            return List.of();
        }
        if (!(value instanceof List<?> items)
                || !items.stream().allMatch(String.class::isInstance)) {
            return null;
        }
        return items.stream().map(item -> Objects.toString(item)).toList();
    }
}
