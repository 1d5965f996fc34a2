package dev.monopod.cli;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.ReleaseVersion;
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
        return new String[] {"monopod " + release().version()};
    }

    @Override
    public Integer call() {
        var release = release();
        if (options.json()) {
            CommonOptions.printJson(
                    Map.of(
                            "monopod",
                            release.version(),
                            "commit",
                            release.commit(),
                            "kubernetes",
                            KUBERNETES,
                            "java",
                            Runtime.version().toString()));
        } else {
            System.out.printf(
                    "monopod %s%s%nKubernetes %s%nJava %s%n",
                    release.version(),
                    release.commit().isEmpty() ? "" : ", commit " + release.commit(),
                    KUBERNETES,
                    Runtime.version());
        }
        return 0;
    }

    private static ReleaseVersion release() {
        return ReleaseVersion.of(Layout.named());
    }
}
