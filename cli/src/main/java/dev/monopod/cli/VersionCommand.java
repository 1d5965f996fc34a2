package dev.monopod.cli;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.Layout;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;

/// Says which version this is.
@Command(
        name = "version",
        mixinStandardHelpOptions = true,
        description = "Print the version of Monopod and of the Kubernetes that it starts.")
final class VersionCommand implements Callable<Integer>, IVersionProvider {
    private static final String KUBERNETES = "v1.36.3";

    @Mixin private CommonOptions options = new CommonOptions();

    @Override
    public String[] getVersion() {
        return new String[] {"monopod " + Layout.VERSION};
    }

    @Override
    public Integer call() {
        if (options.json()) {
            CommonOptions.printJson(
                    Map.of(
                            "monopod",
                            Layout.VERSION,
                            "kubernetes",
                            KUBERNETES,
                            "java",
                            Runtime.version().toString()));
        } else {
            System.out.printf(
                    "monopod %s%nKubernetes %s%nJava %s%n",
                    Layout.VERSION, KUBERNETES, Runtime.version());
        }
        return 0;
    }
}
