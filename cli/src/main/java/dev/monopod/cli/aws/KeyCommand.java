package dev.monopod.cli.aws;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Table;
import dev.monopod.cli.terminal.Text;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Access keys, by which tools of AWS sign.
@Command(
        name = "key",
        mixinStandardHelpOptions = true,
        description = "Access keys, by which tools of AWS sign.",
        subcommands = {KeyCommand.Create.class, KeyCommand.ListKeys.class, KeyCommand.Delete.class})
final class KeyCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "aws key: create, list or delete");
    }

    /// Makes a key, and shows its secret.
    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Make a key of a user.")
    static final class Create implements Callable<Integer> {
        @Mixin private CommonOptions options = new CommonOptions();

        @Parameters(paramLabel = "USER", description = "Name of the user.")
        private String user = "";

        @Option(
                names = "--admin",
                description = "The user administers the cluster: gets an access entry for that.")
        private boolean admin;

        @Override
        public Integer call() {
            try (var client = Cluster.connect(options.layout())) {
                var users = new Users(client);
                var key = users.create(user);
                if (admin) {
                    users.makeAdministrator(key.caller());
                }
                if (options.json()) {
                    CommonOptions.printJson(
                            Map.of(
                                    "accessKeyId", key.id(),
                                    "secretAccessKey", key.secret(),
                                    "arn", key.caller().arn()));
                } else {
                    System.out.printf(
                            "key of %s%n  access key id      %s%n  secret access key  %s%n",
                            key.caller().arn(), key.id(), key.secret());
                }
                return 0;
            }
        }
    }

    /// Lists keys, without their secrets.
    @Command(name = "list", mixinStandardHelpOptions = true, description = "List the keys.")
    static final class ListKeys implements Callable<Integer> {
        private final Clock clock = Clock.systemUTC();
        @Mixin private CommonOptions options = new CommonOptions();

        @Override
        public Integer call() {
            try (var client = Cluster.connect(options.layout())) {
                var keys = new Users(client).keys();
                if (options.json()) {
                    CommonOptions.printJson(Map.of("keys", keys));
                    return 0;
                }
                var table = new Table("ACCESS KEY", "USER", "AGE");
                keys.forEach(key ->
                        table.row(
                                key.accessKeyId(),
                                key.userName(),
                                Text.age(key.createdAt(), clock)));
                System.out.print(table);
                return 0;
            }
        }
    }

    /// Deletes a key: what is signed by it is refused from then on.
    @Command(name = "delete", mixinStandardHelpOptions = true, description = "Delete a key.")
    static final class Delete implements Callable<Integer> {
        @Mixin private CommonOptions options = new CommonOptions();

        @Parameters(paramLabel = "ACCESS_KEY_ID", description = "Which key.")
        private String id = "";

        @Override
        public Integer call() {
            try (var client = Cluster.connect(options.layout())) {
                if (!new Users(client).delete(id)) {
                    throw new CliException(
                            "no access key %s".formatted(id), "monopod aws key list shows them");
                }
                System.out.printf("key %s is deleted%n", id);
                return 0;
            }
        }
    }
}
