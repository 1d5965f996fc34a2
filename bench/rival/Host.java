import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// What the machine under both sides does: processor time and memory, from /proc.
final class Host {
    private static final double TICKS = 100; // USER_HZ, the unit of /proc on every Linux architecture that we run on

    /// A daemon of a side, and how its command line is recognised.
    record Daemon(String side, String name, Predicate<String> isIt) {}

    private static final List<Daemon> DAEMONS = List.of(
            new Daemon("Monopod", "agent", command -> command.matches(".* -jar \\S*/monopod-agent-\\S+ .*")),
            new Daemon("Monopod", "controller", command -> command.matches(".* -jar \\S*/monopod-controller-\\S+ .*")),
            new Daemon("rival", "kubelet", command -> command.matches("\\S*/rival/\\S*/kubelet .*")),
            new Daemon("rival", "containerd", command -> command.matches("\\S*/rival/\\S*/containerd .*")),
            new Daemon("both", "kube-apiserver", command -> command.contains("monopod-control-plane kube-apiserver")),
            new Daemon("both", "etcd", command -> command.contains("monopod-control-plane etcd")));

    /// Whose processor time is told apart, and not their memory. Tools that a daemon waited for count for it.
    private static final List<Daemon> WORKERS = List.of(
            new Daemon("Monopod", "machines (QEMU)", command -> command.startsWith("qemu-system-")),
            new Daemon("rival", "shims", command -> command.contains("containerd-shim")),
            new Daemon("both", "the other parts of the control plane", command -> command.contains("monopod-control-plane")));

    private Host() {}

    /// @return seconds that all processors have worked since the machine began
    static double busySeconds() {
        var fields = lines(Path.of("/proc/stat")).getFirst().trim().split("\\s+");
        var sum = 0L;
        for (var i = 1; i <= 8; i++) {
            // 4 is idle, 5 waits for a disk
            sum += i == 4 || i == 5 ? 0 : Long.parseLong(fields[i]);
        }
        return sum / TICKS;
    }

    /// @return MiB that a new process could have
    static double availableMib() {
        return lines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith("MemAvailable:"))
                .mapToDouble(Host::mib)
                .findFirst()
                .orElseThrow();
    }

    /// Daemons that run, by name in the order above: PSS in MiB (pages shared with others count in part) and seconds of processor time.
    static Map<Daemon, double[]> daemons() {
        Map<Daemon, double[]> found = new LinkedHashMap<>();
        for (var daemon : DAEMONS) {
            for (var process : processes()) {
                if (daemon.isIt.test(command(process))) {
                    found.put(daemon, new double[] {pssMib(process), cpuSeconds(process)});
                }
            }
        }
        return found;
    }

    /// Seconds of processor time that those who run have taken, by name: their own, and of daemons what their tools took that have ended.
    static Map<String, Double> processorSeconds() {
        Map<String, Double> found = new LinkedHashMap<>();
        var workers = new ArrayList<>(DAEMONS);
        workers.addAll(WORKERS);
        for (var process : processes()) {
            var command = command(process);
            for (var worker : workers) {
                if (worker.isIt.test(command)) {
                    found.merge(worker.name, cpuSeconds(process), Double::sum);
                    if (worker.name.equals("agent")) {
                        found.merge("the agent's tools, machines that ended", childrenSeconds(process), Double::sum);
                    }
                    break;
                }
            }
        }
        return found;
    }

    private static List<Path> processes() {
        try (var all = Files.list(Path.of("/proc"))) {
            return all.filter(path -> path.getFileName().toString().matches("\\d+"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String command(Path process) {
        try {
            return Files.readString(process.resolve("cmdline")).replace('\0', ' ');
        } catch (IOException | UncheckedIOException e) {
            return ""; // It has ended.
        }
    }

    private static double pssMib(Path process) {
        return lines(process.resolve("smaps_rollup")).stream()
                .filter(line -> line.startsWith("Pss:"))
                .mapToDouble(Host::mib)
                .findFirst()
                .orElse(0);
    }

    private static double cpuSeconds(Path process) {
        return seconds(process, 11);
    }

    private static double childrenSeconds(Path process) {
        return seconds(process, 13);
    }

    /// @param first in user mode, then in the kernel: fields of /proc/PID/stat, counted from the process' state
    private static double seconds(Path process, int first) {
        try {
            var line = Files.readString(process.resolve("stat"));
            var fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
            return (Long.parseLong(fields[first]) + Long.parseLong(fields[first + 1])) / TICKS;
        } catch (IOException e) {
            return 0; // It has ended.
        }
    }

    private static double mib(String line) {
        return Long.parseLong(line.replaceAll("\\D+", "")) / 1024.0;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
