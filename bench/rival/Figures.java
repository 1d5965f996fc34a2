import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// What was measured, and how it is told: a table in Markdown, a plot in SVG. A series is what was measured of one side
/// under one heading, in seconds or whatever the heading says.
final class Figures {
    private final Map<String, Map<String, List<Double>>> series = new LinkedHashMap<>();
    private final Map<String, Map<String, Map<String, Double>>> shares = new LinkedHashMap<>();
    private final Map<String, Map<String, Integer>> starts = new LinkedHashMap<>();
    private final List<String> remarks = new ArrayList<>();

    void add(String heading, String side, double value) {
        series.computeIfAbsent(heading, each -> new LinkedHashMap<>())
                .computeIfAbsent(side, each -> new ArrayList<>())
                .add(value);
    }

    /// What each of several had in one start, in seconds or requests: told as means, since most have little.
    void share(String heading, String side, Map<String, Double> parts) {
        starts.computeIfAbsent(heading, each -> new LinkedHashMap<>()).merge(side, 1, Integer::sum);
        var sums = shares.computeIfAbsent(heading, each -> new TreeMap<>());
        parts.forEach((part, value) ->
                sums.computeIfAbsent(part, each -> new LinkedHashMap<>()).merge(side, value, Double::sum));
    }

    void remark(String line) {
        remarks.add(line);
        System.err.println(line);
    }

    String markdown(String first, String second) {
        var text = new StringBuilder("| | n | %s: median, p95, max | %s: median, p95, max | ratio of medians |\n| --- | --- | --- | --- | --- |\n"
                .formatted(first, second));
        series.forEach((heading, sides) -> {
            var mine = sides.getOrDefault(first, List.of());
            var theirs = sides.getOrDefault(second, List.of());
            text.append("| %s | %d, %d | %s | %s | %s |%n"
                    .formatted(
                            heading,
                            mine.size(),
                            theirs.size(),
                            spread(mine),
                            spread(theirs),
                            mine.isEmpty() || theirs.isEmpty()
                                    ? "–"
                                    : "%.2f ×".formatted(quantile(mine, 0.5) / quantile(theirs, 0.5))));
        });
        shares.forEach((heading, parts) -> text.append(shares(heading, parts, first, second)));
        text.append('\n');
        remarks.forEach(line -> text.append("- ").append(line).append('\n'));
        return text.toString();
    }

    private String shares(String heading, Map<String, Map<String, Double>> parts, String first, String second) {
        var text = new StringBuilder("%n| %s | %s, mean | %s, mean |%n| --- | --- | --- |%n".formatted(heading, first, second));
        parts.forEach((part, sums) -> text.append("| %s | %s | %s |%n"
                .formatted(part, mean(heading, sums, first), mean(heading, sums, second))));
        return text.toString();
    }

    private String mean(String heading, Map<String, Double> sums, String side) {
        var count = starts.get(heading).getOrDefault(side, 0);
        return count == 0 ? "–" : String.format(Locale.ROOT, "%.2f", sums.getOrDefault(side, 0.0) / count);
    }

    /// Each value of the headings that begin so is a dot on a line of its heading and side; time runs in powers of ten.
    String plot(String prefix, String first, String second) {
        final var left = 330;
        final var width = 560;
        var chosen = series.entrySet().stream()
                .filter(each -> each.getKey().startsWith(prefix))
                .toList();
        var body = new StringBuilder();
        var y = 40;
        for (var entry : chosen) {
            for (var side : List.of(first, second)) {
                var values = entry.getValue().getOrDefault(side, List.of());
                var colour = side.equals(first) ? "#1f6feb" : "#b35900";
                body.append("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s, %s</text>%n"
                        .formatted(left - 12, y + 4, entry.getKey(), side));
                for (var value : values) {
                    body.append("<circle cx=\"%.1f\" cy=\"%d\" r=\"4\" fill=\"%s\" fill-opacity=\"0.45\"/>%n"
                            .formatted(left + x(value) * width, y, colour));
                }
                if (!values.isEmpty()) {
                    var median = left + x(quantile(values, 0.5)) * width;
                    body.append("<path d=\"M%.1f %dv18\" stroke=\"%s\" stroke-width=\"2\"/>%n"
                            .formatted(median, y - 9, colour));
                }
                y += 26;
            }
            y += 8;
        }
        var axis = new StringBuilder();
        for (var tick : new double[] {0.1, 0.3, 1, 3, 10, 30, 100}) {
            var at = left + x(tick) * width;
            axis.append("<path d=\"M%.1f 24V%d\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"16\" text-anchor=\"middle\">%s s</text>%n"
                    .formatted(at, y, at, tick < 1 ? String.valueOf(tick) : String.valueOf((int) tick)));
        }
        return """
                <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">
                <rect width="100%%" height="100%%" fill="white"/>
                %s%s</svg>
                """
                .formatted(left + width + 40, y + 16, axis, body);
    }

    private static double x(double seconds) {
        return Math.clamp((Math.log10(seconds) + 1) / 3, 0, 1);
    }

    private static String spread(List<Double> values) {
        return values.isEmpty()
                ? "–"
                : String.format(
                        Locale.ROOT, "%.2f, %.2f, %.2f", quantile(values, 0.5), quantile(values, 0.95), quantile(values, 1));
    }

    private static double quantile(List<Double> values, double part) {
        var sorted = values.stream().sorted().toList();
        return part == 0.5 && sorted.size() % 2 == 0
                ? (sorted.get(sorted.size() / 2 - 1) + sorted.get(sorted.size() / 2)) / 2
                : sorted.get(Math.max(0, (int) Math.ceil(part * sorted.size()) - 1));
    }
}
