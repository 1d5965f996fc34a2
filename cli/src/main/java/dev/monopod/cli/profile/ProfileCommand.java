package dev.monopod.cli.profile;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Table;
import dev.monopod.cli.terminal.Text;
import dev.monopod.cli.terminal.Waiting;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Profiles: which pods run on machines of their own.
@Command(
        name = "profile",
        mixinStandardHelpOptions = true,
        description = "Profiles: which pods run on machines of their own.",
        subcommands = {
            ProfileCommand.Create.class,
            ProfileCommand.ListProfiles.class,
            ProfileCommand.Delete.class
        })
public final class ProfileCommand implements Runnable {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "profile: say create, list or delete");
    }

    /// Creates a profile and waits until it is ACTIVE.
    @Command(name = "create", mixinStandardHelpOptions = true, description = "Create a profile.")
    static final class Create implements Callable<Integer> {
        @Mixin private CommonOptions options = new CommonOptions();

        @Parameters(paramLabel = "NAME", description = "Name of the profile.")
        private String name = "";

        @Option(
                names = "--namespace",
                required = true,
                description =
                        "Namespaces of its pods; * and ? are wildcards. One selector for each.")
        private List<String> namespaces = List.of();

        @Option(
                names = "--label",
                paramLabel = "KEY=VALUE",
                description = "Labels that its pods must all carry; up to five.")
        private Map<String, String> labels = new LinkedHashMap<>();

        @Option(
                names = "--subnet",
                description = "Private subnets (default: private-a and private-b).")
        private List<String> subnets = List.of("private-a", "private-b");

        @Override
        public Integer call() {
            var profile = new FargateProfile();
            profile.getMetadata().setName(name);
            profile.setSpec(
                    new FargateProfileSpec(
                            null,
                            namespaces.stream()
                                    .map(namespace ->
                                            new FargateProfileSpec.Selector(
                                                    namespace, labels.isEmpty() ? null : labels))
                                    .toList(),
                            subnets,
                            null,
                            null,
                            null));
            try (var client = Cluster.connect(options.layout())) {
                client.resource(profile).create();
                Waiting.until(LIMIT, () -> settled(phase(client, name)));
                var now = client.resources(FargateProfile.class).withName(name).get();
                if (options.json()) {
                    CommonOptions.printJson(now);
                } else {
                    System.out.printf("profile %s is %s%n", name, Text.of(phase(client, name)));
                }
                if (phase(client, name) != Phase.ACTIVE) {
                    throw new CliException("profile %s: %s".formatted(name, message(now)));
                }
                return 0;
            }
        }

        private static boolean settled(@Nullable Phase phase) {
            return phase == Phase.ACTIVE || phase == Phase.CREATE_FAILED;
        }
    }

    /// Lists profiles.
    @Command(name = "list", mixinStandardHelpOptions = true, description = "List profiles.")
    static final class ListProfiles implements Callable<Integer> {
        private final Clock clock = Clock.systemUTC();
        @Mixin private CommonOptions options = new CommonOptions();

        @Override
        public Integer call() {
            try (var client = Cluster.connect(options.layout())) {
                var profiles = client.resources(FargateProfile.class).list().getItems();
                if (options.json()) {
                    CommonOptions.printJson(profiles);
                    return 0;
                }
                var table = new Table("NAME", "PHASE", "SELECTORS", "SUBNETS", "AGE");
                for (var profile : profiles) {
                    table.row(
                            profile.getMetadata().getName(),
                            profile.getStatus() == null
                                    ? "-"
                                    : Text.of(profile.getStatus().phase()),
                            profile.getSpec().selectors().stream()
                                    .map(ProfileCommand::selector)
                                    .collect(Collectors.joining(" | ")),
                            String.join(",", profile.getSpec().subnets()),
                            Text.age(profile.getMetadata().getCreationTimestamp(), clock));
                }
                System.out.print(table);
                return 0;
            }
        }
    }

    /// Deletes a profile, and with it its pods.
    @Command(
            name = "delete",
            mixinStandardHelpOptions = true,
            description = "Delete a profile and, as in EKS, its pods.")
    static final class Delete implements Callable<Integer> {
        @Mixin private CommonOptions options = new CommonOptions();

        @Parameters(paramLabel = "NAME", description = "Name of the profile.")
        private String name = "";

        @Override
        public Integer call() {
            try (var client = Cluster.connect(options.layout())) {
                var profile = client.resources(FargateProfile.class).withName(name);
                if (profile.get() == null) {
                    throw new CliException("there is no profile " + name, "monopod profile list");
                }
                profile.delete();
                if (!Waiting.until(Duration.ofMinutes(3), () -> profile.get() == null)) {
                    throw new CliException(
                            "profile %s is still there: %s".formatted(name, phase(client, name)));
                }
                if (options.json()) {
                    CommonOptions.printJson(Map.of("deleted", name));
                } else {
                    System.out.println("profile " + name + " is deleted");
                }
                return 0;
            }
        }
    }

    /// `team-*{app=web,tier=?}`.
    public static String selector(FargateProfileSpec.Selector selector) {
        var labels = selector.labels();
        return labels == null || labels.isEmpty()
                ? selector.namespace()
                : selector.namespace()
                        + labels.entrySet().stream()
                                .map(Map.Entry::toString)
                                .sorted()
                                .collect(Collectors.joining(",", "{", "}"));
    }

    private static @Nullable Phase phase(KubernetesClient client, String name) {
        var profile = client.resources(FargateProfile.class).withName(name).get();
        return profile == null || profile.getStatus() == null ? null : profile.getStatus().phase();
    }

    private static String message(@Nullable FargateProfile profile) {
        FargateProfileStatus status = profile == null ? null : profile.getStatus();
        return status == null ? "the controller has not answered" : Text.of(status.message());
    }
}
