package dev.monopod.kube.client;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;

/// Decides what is written of each event, by upstream's rules, so that one object's trouble never
/// floods the API server:
///
/// | events | become |
/// | --- | --- |
/// | equal ones | one object, whose count rises |
/// | ten similar ones, each at most ten minutes after the one before | from the tenth on one object, that says so |
/// | more than 25 of one object and source, then one in five minutes | nothing; those that are counted count on |
///
/// Similar are those that differ in their message alone. What was seen is remembered for the 4096
/// events, and objects, that were used last. Decisions touch nothing else, and time is told. One
/// caller at a time.
final class EventCorrelator {
    static final String COMBINED = "(combined from similar events): ";
    static final int MOST_REMEMBERED = 4096;
    static final int BURST = 25;
    static final int MOST_SIMILAR = 10;
    static final Duration REFILL = Duration.ofMinutes(5);
    static final Duration WINDOW = Duration.ofMinutes(10);
    static final int MESSAGE_CHARACTERS = 1000;

    private static final int NAME_CHARACTERS = 253;

    private final Recent<Similar, Group> groups = new Recent<>(MOST_REMEMBERED);
    private final Recent<Object, Seen> seen = new Recent<>(MOST_REMEMBERED);
    private final Recent<Talker, Bucket> buckets = new Recent<>(MOST_REMEMBERED);
    private long lastNumber;

    /// All of an event but its message and its part of the object.
    private record Similar(
            String component,
            String host,
            EventDraft.Subject subject,
            EventType type,
            String reason) {
        static Similar of(EventDraft draft) {
            return new Similar(
                    draft.component(), draft.host(), draft.subject(), draft.type(), draft.reason());
        }
    }

    /// Who speaks of what.
    private record Talker(String component, String host, EventDraft.Subject subject) {
        static Talker of(EventDraft draft) {
            return new Talker(draft.component(), draft.host(), draft.subject());
        }
    }

    /// @param messages the last ones, at most ten
    private record Group(Set<String> messages, Instant last) {}

    private record Seen(String name, int count, Instant first) {}

    /// @param level how many events may pass, at the time
    private record Bucket(double level, Instant at) {
        Bucket filledAt(Instant now) {
            // A clock that was set back fills nothing.
            var millis = Math.max(0, Duration.between(at, now).toMillis());
            return new Bucket(Math.min(BURST, level + (double) millis / REFILL.toMillis()), now);
        }
    }

    EventWrite decide(EventDraft event, Instant now) {
        var draft = event.saying(cut(event.message()));
        var combined = isOneOfMany(draft, now);
        var store = combined ? combined(draft, now) : count(draft, draft, now);
        return passes(Talker.of(draft), now) ? store : new EventWrite.Drop();
    }

    private boolean isOneOfMany(EventDraft draft, Instant now) {
        var key = Similar.of(draft);
        var messages =
                groups.find(key)
                        .filter(group -> !now.isAfter(group.last().plus(WINDOW)))
                        .map(Group::messages)
                        .orElseGet(LinkedHashSet::new);
        messages.add(draft.message());
        groups.put(key, new Group(messages, now));
        if (messages.size() < MOST_SIMILAR) {
            return false;
        }
        messages.remove(messages.iterator().next());
        return true;
    }

    private EventWrite combined(EventDraft draft, Instant now) {
        return count(Similar.of(draft), draft.saying(COMBINED + draft.message()), now);
    }

    private EventWrite count(Object key, EventDraft draft, Instant now) {
        var next =
                seen.find(key)
                        .map(before -> new Seen(before.name(), before.count() + 1, before.first()))
                        .orElseGet(() -> new Seen(name(draft.subject().name(), now), 1, now));
        seen.put(key, next);
        return new EventWrite.Store(draft, next.name(), next.count(), next.first(), now);
    }

    private boolean passes(Talker talker, Instant now) {
        var bucket =
                buckets.find(talker)
                        .map(before -> before.filledAt(now))
                        .orElseGet(() -> new Bucket(BURST, now));
        var passes = bucket.level() >= 1;
        buckets.put(talker, passes ? new Bucket(bucket.level() - 1, now) : bucket);
        return passes;
    }

    /// The object's name, and a number that no other event of this program has.
    private String name(String object, Instant now) {
        var nanos = Math.addExact(now.getEpochSecond() * 1_000_000_000L, now.getNano());
        lastNumber = Math.max(lastNumber + 1, nanos);
        var suffix = "." + Long.toHexString(lastNumber);
        var room = NAME_CHARACTERS - suffix.length();
        var start =
                object.length() > room
                        ? object.substring(0, room).replaceAll("[-.]+$", "")
                        : object;
        return start + suffix;
    }

    private static String cut(String message) {
        return message.length() > MESSAGE_CHARACTERS
                ? message.substring(0, MESSAGE_CHARACTERS)
                : message;
    }
}
