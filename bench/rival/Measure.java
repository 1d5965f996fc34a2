import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/// Pods of Monopod and of an ordinary node, made in turns on one API server, timed by one clock from the moment the create call is sent
/// to the moment a watch tells of a step.
///
/// Usage: `java -cp LIBRARIES Measure.java IMAGE SERIAL BURST LOADED IDLE FRESH REGISTRY TAG FOLDER`: how many pods one at a time, at once, one
/// at a time beside two busy processes a processor, for the slope of memory, and rounds of images that are not here yet. Namespaces
/// `rival-a` (with a profile) and `rival-b` are there. Writes report.md and starts.svg into the folder. What did not come in its time is
/// told in the report, and left out.
final class Measure {
    private static final String MONOPOD = "Monopod";
    private static final String RIVAL = "kubelet";
    private static final int LIMIT_SECONDS = 180;

    private static final Map<String, String> FRESH = Map.of("base", "138 MB", "app", "410 MB, of which 138 are here");

    private final List<Side> sides;
    private final Figures figures = new Figures();
    private final KubernetesClient client;

    private Measure(KubernetesClient client, String image) {
        this.client = client;
        sides = List.of(new Side(MONOPOD, "rival-a", image, client), new Side(RIVAL, "rival-b", image, client));
    }

    public static void main(String[] arguments) throws Exception {
        var counts = IntStream.range(1, 6)
                .map(i -> Integer.parseInt(arguments[i]))
                .toArray();
        try (var client = new KubernetesClientBuilder().build()) {
            var measure = new Measure(client, arguments[0]);
            var load = load();
            measure.daemons();
            measure.serial("one at a time", "serial", counts[0]);
            measure.burst(counts[1]);
            measure.loaded(counts[2]);
            measure.memory(counts[3]);
            measure.fresh(arguments[6], arguments[7], counts[4]);
            measure.sides.forEach(Side::close);
            measure.figures.remark("load of the machine: %s at the beginning, %s at the end; %d processors"
                    .formatted(load, load(), Runtime.getRuntime().availableProcessors()));
            measure.write(Path.of(arguments[8]));
        }
    }

    private void serial(String heading, String prefix, int count) throws InterruptedException {
        for (var i = 0; i <= count; i++) {
            for (var side : i % 2 == 0 ? sides : sides.reversed()) {
                one(side, heading, prefix + i, i > 0);
            }
        }
    }

    /// @param counts false for the first one, which finds everything cold
    private void one(Side side, String heading, String pod, boolean counts) throws InterruptedException {
        try {
            var writes = Work.writes(client);
            var work = Work.seconds();
            var before = Host.busySeconds();
            side.create(pod);
            side.await(List.of(pod), Side.Step.READY, LIMIT_SECONDS);
            Thread.sleep(2000); // what runs on behind a start belongs to it
            var started = Host.busySeconds();
            var worked = Work.between(work, Work.seconds());
            side.delete(pod);
            side.await(List.of(pod), Side.Step.GONE, LIMIT_SECONDS);
            Thread.sleep(4000); // a machine that waits is made anew
            if (counts) {
                figures.add("created → Running, " + heading, side.name, side.seconds(pod, Side.Step.CREATE_SENT, Side.Step.RUNNING));
                figures.add("create call, " + heading, side.name, side.seconds(pod, Side.Step.CREATE_SENT, Side.Step.CREATE_ANSWERED));
                figures.add("created → PodScheduled, " + heading, side.name, side.seconds(pod, Side.Step.CREATE_SENT, Side.Step.SCHEDULED));
                figures.add("deleted → gone, " + heading, side.name, side.seconds(pod, Side.Step.DELETE_SENT, Side.Step.GONE));
                figures.add("processor time of the whole machine to 2 s after Ready, " + heading, side.name, started - before);
                figures.add("processor time of the whole machine to 4 s after it is gone, " + heading, side.name, Host.busySeconds() - before);
                figures.share("processor time to 2 s after Ready, " + heading, side.name, worked);
                figures.share("writes at the API server, to 4 s after the pod is gone, " + heading, side.name, Work.between(writes, Work.writes(client)));
                if (side.exitCodes(pod).contains(137)) {
                    figures.remark(side.name + ", pod " + pod + ": ended by SIGKILL");
                }
            }
        } catch (IllegalStateException e) {
            figures.remark("left out: " + e.getMessage());
            side.delete(pod);
        }
    }

    private void burst(int count) throws Exception {
        if (count == 0) {
            return;
        }
        for (var side : sides) {
            var pods = names("burst", count);
            var begin = System.nanoTime();
            each(pods, side::create);
            side.await(pods, Side.Step.READY, 3 * LIMIT_SECONDS);
            figures.add("all of a burst of " + count + " Ready", side.name, (System.nanoTime() - begin) / 1e9);
            for (var pod : pods) {
                figures.add("created → Running, burst of " + count, side.name, side.seconds(pod, Side.Step.CREATE_SENT, Side.Step.RUNNING));
            }
            remove(side, pods);
        }
    }

    private void loaded(int count) throws Exception {
        if (count == 0) {
            return;
        }
        var busy = new ArrayList<Process>();
        try {
            for (var i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
                busy.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
            }
            serial("under load", "loaded", count);
        } finally {
            busy.forEach(Process::destroy);
        }
    }

    private void memory(int count) throws Exception {
        if (count == 0) {
            return;
        }
        for (var side : sides) {
            Thread.sleep(5000);
            var before = Host.availableMib();
            var pods = names("idle", count);
            for (var pod : pods) {
                side.create(pod);
                side.await(List.of(pod), Side.Step.READY, LIMIT_SECONDS);
            }
            Thread.sleep(10_000);
            figures.add("MiB of the machine's memory per idle pod, of " + count, side.name, (before - Host.availableMib()) / count);
            remove(side, pods);
        }
    }

    /// Images that neither has: each round has its own, which `images` has pushed.
    private void fresh(String registry, String tag, int rounds) throws InterruptedException {
        for (var i = 0; i < rounds; i++) {
            for (var image : List.of("base", "app")) {
                for (var side : i % 2 == 0 ? sides : sides.reversed()) {
                    var pod = image + i;
                    var before = Host.busySeconds();
                    side.create(pod, "%s/rival/%s:%s-%d".formatted(registry, image, tag, i));
                    side.await(List.of(pod), Side.Step.RUNNING, LIMIT_SECONDS);
                    figures.add("created → Running, image not here: " + FRESH.get(image), side.name, side.seconds(pod, Side.Step.CREATE_SENT, Side.Step.RUNNING));
                    figures.add("processor time of the whole machine, image not here: " + FRESH.get(image), side.name, Host.busySeconds() - before);
                    side.delete(pod);
                    side.await(List.of(pod), Side.Step.GONE, LIMIT_SECONDS);
                    Thread.sleep(4000);
                }
            }
        }
    }

    private void daemons() throws InterruptedException {
        var before = Host.daemons();
        Thread.sleep(30_000);
        var after = Host.daemons();
        after.keySet().retainAll(before.keySet());
        after.forEach((daemon, now) -> figures.remark("daemon %s (%s), idle: %.0f MiB (PSS), %.1f %% of a processor"
                .formatted(daemon.name(), daemon.side(), now[0], 100 * (now[1] - before.get(daemon)[1]) / 30)));
    }

    private void remove(Side side, List<String> pods) throws Exception {
        each(pods, side::delete);
        side.await(pods, Side.Step.GONE, 3 * LIMIT_SECONDS);
        Thread.sleep(5000);
    }

    private interface OfPod {
        void accept(String pod) throws Exception;
    }

    /// Eight connections, as a controller that creates pods has.
    private static void each(List<String> pods, OfPod action) throws Exception {
        try (var threads = Executors.newFixedThreadPool(8)) {
            var tasks = new ArrayList<Callable<Void>>();
            for (var pod : pods) {
                tasks.add(() -> {
                    action.accept(pod);
                    return null;
                });
            }
            for (var done : threads.invokeAll(tasks)) {
                done.get();
            }
        }
    }

    private static List<String> names(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
    }

    private static String load() throws IOException {
        return Files.readString(Path.of("/proc/loadavg")).split(" ")[0];
    }

    private void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("report.md"), figures.markdown(MONOPOD, RIVAL));
        Files.writeString(folder.resolve("starts.svg"), figures.plot("created → Running", MONOPOD, RIVAL));
    }
}
