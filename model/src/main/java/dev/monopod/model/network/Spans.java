package dev.monopod.model.network;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/// A set of numbers (addresses, ports) as few spans, ascending, that neither overlap nor touch. So
/// two sets with the same numbers are equal, however they were written down.
public record Spans(List<Span> all) {
    public Spans {
        all = List.copyOf(all);
    }

    /// @param last inclusive
    public record Span(long first, long last) {
        static Span of(Cidr range) {
            return new Span(range.base(), range.last());
        }
    }

    /// The addresses of these ranges.
    public static Spans covering(Collection<Cidr> ranges) {
        return of(ranges.stream().map(Span::of).toList());
    }

    /// The union, in n log n.
    static Spans of(Collection<Span> parts) {
        var joined = new ArrayList<Span>();
        parts.stream()
                .sorted(Comparator.comparingLong(Span::first))
                .forEach(next -> {
                    var before = joined.isEmpty() ? null : joined.getLast();
                    if (before == null || next.first() > before.last() + 1) {
                        joined.add(next);
                    } else if (next.last() > before.last()) {
                        joined.set(joined.size() - 1, new Span(before.first(), next.last()));
                    }
                });
        return new Spans(joined);
    }

    /// What is left of one span without the others, in n log n.
    static List<Span> without(Span whole, Collection<Span> others) {
        var left = new ArrayList<Span>();
        var next = whole.first();
        for (var gap : of(others).all) {
            if (gap.last() < next) {
                continue;
            }
            if (gap.first() > whole.last()) {
                break;
            }
            if (gap.first() > next) {
                left.add(new Span(next, gap.first() - 1));
            }
            next = gap.last() + 1;
        }
        if (next <= whole.last()) {
            left.add(new Span(next, whole.last()));
        }
        return left;
    }

    public boolean contains(long number) {
        var low = 0;
        var high = all.size() - 1;
        while (low <= high) {
            var middle = (low + high) >>> 1;
            var span = all.get(middle);
            if (number < span.first()) {
                high = middle - 1;
            } else if (number > span.last()) {
                low = middle + 1;
            } else {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return all.stream()
                .map(span -> span.first() + "-" + span.last())
                .collect(Collectors.joining(","));
    }
}
