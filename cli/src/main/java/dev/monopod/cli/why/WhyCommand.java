package dev.monopod.cli.why;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Names the one rule that holds a pod back, the field it speaks of and an edit that helps. Exit
/// code 0 if the pod runs, 1 if something holds it back.
@Command(
        name = "why",
        mixinStandardHelpOptions = true,
        description = "Name the one rule that holds a pod back, with a suggested edit.")
public final class WhyCommand implements Callable<Integer> {
    @Mixin private CommonOptions options = new CommonOptions();

    @Parameters(paramLabel = "POD", description = "Name of the pod.")
    private String pod = "";

    @Option(
            names = {"-n", "--namespace"},
            defaultValue = "default",
            description = "Its namespace (${DEFAULT-VALUE}).")
    private String namespace = "default";

    @Override
    public Integer call() {
        try (var client = Cluster.connect(options.layout())) {
            var answer = Why.explain(WhyFacts.of(client, namespace, pod));
            if (options.json()) {
                CommonOptions.printJson(answer);
            } else {
                System.out.printf("%s/%s: %s%n", namespace, pod, answer.reason());
                print("field", answer.field());
                print("edit", answer.edit());
            }
            return answer.rule() == Why.Rule.RUNS ? 0 : 1;
        }
    }

    private static void print(String name, String value) {
        if (!value.isEmpty()) {
            System.out.printf("  %-6s %s%n", name + ":", value.replace("\n", "\n         "));
        }
    }
}
