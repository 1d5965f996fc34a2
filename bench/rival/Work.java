import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Who worked, and what was written at the API server, between two moments.
final class Work {
    private static final String REST = "all else (kernel, tools, this benchmark)";
    private static final Pattern WRITE = Pattern.compile("apiserver_request_total\\{.*resource=\"([^\"]*)\".*"
            + "subresource=\"([^\"]*)\",verb=\"(POST|PUT|PATCH|APPLY|DELETE)\".*} (\\S+)");

    private Work() {}

    /// @return seconds of processor time by worker, since each began
    static Map<String, Double> seconds() {
        var seconds = new HashMap<>(Host.processorSeconds());
        seconds.put(REST, Host.busySeconds() - seconds.values().stream().mapToDouble(each -> each).sum());
        return seconds;
    }

    /// Costs the API server some of its time: its counters are megabytes.
    ///
    /// @return requests that write, by verb and kind, since the API server began
    static Map<String, Double> writes(KubernetesClient client) {
        var found = new TreeMap<String, Double>();
        for (var line : client.raw("/metrics").split("\n")) {
            var write = WRITE.matcher(line);
            if (write.matches()) {
                var kind = write.group(2).isEmpty() ? write.group(1) : write.group(1) + "/" + write.group(2);
                found.merge(write.group(3) + " " + kind, Double.parseDouble(write.group(4)), Double::sum);
            }
        }
        return found;
    }

    /// @return what has grown, by how much
    static Map<String, Double> between(Map<String, Double> before, Map<String, Double> after) {
        var grown = new TreeMap<String, Double>();
        after.forEach((name, value) -> {
            var more = value - before.getOrDefault(name, 0.0);
            if (more > 0) {
                grown.put(name, more);
            }
        });
        return grown;
    }
}
