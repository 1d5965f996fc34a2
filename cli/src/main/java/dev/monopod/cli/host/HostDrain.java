package dev.monopod.cli.host;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Spans;
import dev.monopod.cli.terminal.Waiting;
import dev.monopod.kube.client.BriskClient;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Moves all pods off a host, as `kubectl drain` does with a Node.
@Command(
        name = "drain",
        mixinStandardHelpOptions = true,
        description = {
            "Cordon a host and evict its pods, as their budgets allow, until it has no machine.",
            "What a pod keeps in its machine, emptyDir volumes too, ends with it."
        },
        footer = {
            "",
            "Whatever becomes of it, the host stays cordoned: monopod host uncordon NAME."
        })
final class HostDrain implements Callable<Integer> {
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration NEVER = Duration.ofDays(3650);

    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(paramLabel = "NAME", description = "The host, as `monopod host list` has it.")
    private String name = "";

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "10m",
            description =
                    "Give up after this time, such as 90s or 1h30m; 0: never (${DEFAULT-VALUE}).")
    private String timeout = "10m";

    @Option(
            names = "--grace-period",
            paramLabel = "SECONDS",
            description = "Grace of each pod instead of its own; -1: its own.")
    private int grace = -1;

    @Option(
            names = "--disable-eviction",
            description = "Delete the pods instead, whatever their budgets say.")
    private boolean disableEviction;

    @Option(
            names = "--force",
            description = "Evict pods that nobody makes again, too. They are lost.")
    private boolean force;

    @Option(names = "--dry-run", description = "List the pods, and do nothing.")
    private boolean dryRun;

    @Override
    public Integer call() {
        var limit = Spans.parse("--timeout", timeout);
        if (grace < -1) {
            throw new CliException(
                    "--grace-period: from 0 to %d seconds, or -1 for each pod's own, not %d"
                            .formatted(Integer.MAX_VALUE, grace));
        }
        var out = options.json() ? System.err : System.out;
        try (var usual = Cluster.connect(options.layout());
                var client = BriskClient.of(usual)) {
            var host = Hosts.named(client, name);
            var terms =
                    new Drain.Terms(
                            force,
                            grace < 0 ? OptionalInt.empty() : OptionalInt.of(grace),
                            disableEviction);
            var drain = new Drain(client, name, terms, out::println, System::nanoTime);
            drain.check();
            if (dryRun) {
                out.printf("host/%s cordoned (dry run)%n", name);
                drain.show();
            } else {
                out.printf(
                        "host/%s %s%n",
                        name, Hosts.cordon(client, host, true) ? "cordoned" : "already cordoned");
                run(drain, limit, out);
            }
            if (options.json()) {
                CommonOptions.printJson(
                        Map.of("host", name, "dryRun", dryRun, "evicted", drain.evicted()));
            }
            return 0;
        }
    }

    private void run(Drain drain, @Nullable Duration limit, PrintStream out) {
        // Also at Ctrl-C: who comes back finds a host that takes nothing, and wonders.
        var cordoned =
                new Thread(
                        () ->
                                System.err.printf(
                                        "host/%s stays cordoned: monopod host uncordon %s%n",
                                        name, name),
                        "cordoned");
        Runtime.getRuntime().addShutdownHook(cordoned);
        var drained = Waiting.until(limit == null ? NEVER : limit, PAUSE, drain::pass);
        if (!drained) {
            throw new CliException(
                    "host %s is not drained after %s: %s".formatted(name, timeout, drain.left()),
                    "monopod host drain %s goes on; --disable-eviction deletes pods whatever their budgets say"
                            .formatted(name));
        }
        Runtime.getRuntime().removeShutdownHook(cordoned);
        out.printf("host/%s drained%n", name);
    }
}
