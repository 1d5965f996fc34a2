package dev.monopod.cli;

import dev.monopod.cli.aws.AwsCommand;
import dev.monopod.cli.backup.BackupCommand;
import dev.monopod.cli.backup.RestoreCommand;
import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.doctor.DoctorCommand;
import dev.monopod.cli.down.DownCommand;
import dev.monopod.cli.host.HostCommand;
import dev.monopod.cli.image.ImageCommand;
import dev.monopod.cli.join.JoinCommand;
import dev.monopod.cli.join.TokenCommand;
import dev.monopod.cli.net.NetCommand;
import dev.monopod.cli.patch.PatchCommand;
import dev.monopod.cli.profile.ProfileCommand;
import dev.monopod.cli.service.StartCommand;
import dev.monopod.cli.service.StopCommand;
import dev.monopod.cli.status.StatusCommand;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.up.UpCommand;
import dev.monopod.cli.why.WhyCommand;
import dev.monopod.eks.identity.IdentityUnavailableException;
import java.security.Security;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// The command `monopod`. Exit codes: 0 done, 1 failed, 2 wrong usage.
@Command(
        name = "monopod",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.class,
        description = "One pod, one machine: AWS Fargate's contract for any Kubernetes cluster.",
        subcommands = {
            UpCommand.class,
            JoinCommand.class,
            TokenCommand.class,
            HostCommand.class,
            DownCommand.class,
            StopCommand.class,
            StartCommand.class,
            StatusCommand.class,
            DoctorCommand.class,
            WhyCommand.class,
            NetCommand.class,
            ProfileCommand.class,
            PatchCommand.class,
            BackupCommand.class,
            RestoreCommand.class,
            ImageCommand.class,
            AwsCommand.class,
            CompletionCommand.class,
            CommandLine.HelpCommand.class,
            ManCommand.class,
            VersionCommand.class
        },
        footer = {
            "",
            "The launcher adds: kubectl; and in a checkout: build (prepare it), test (run the tests), release (make packages)."
        })
public final class MonopodMain implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    public static void main(String[] args) {
        // Jars of the agent and the controller, on the same class path, may bring another one.
        System.setProperty("logback.configurationFile", "monopod-cli-logback.xml");
        // The client library reads elliptic curve keys (SEC 1) by it.
        Security.addProvider(new BouncyCastleProvider());
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new MonopodMain())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setExecutionExceptionHandler(MonopodMain::explain);
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static int explain(
            Exception failure, CommandLine command, CommandLine.ParseResult arguments) {
        var errors = command.getErr();
        switch (failure) {
            case CliException known -> {
                errors.println("monopod: " + known.getMessage());
                if (!known.fix().isEmpty()) {
                    errors.println("  fix: " + known.fix());
                }
            }
            case IdentityUnavailableException unavailable ->
                    errors.println("monopod: the API server: " + unavailable.getMessage());
            case io.fabric8.kubernetes.client.KubernetesClientException refused ->
                    errors.println("monopod: the API server: " + Cluster.reason(refused));
            default -> {
                errors.println("monopod: " + failure);
                if (System.getenv("MONOPOD_DEBUG") != null) {
                    failure.printStackTrace(errors);
                } else {
                    errors.println("  for the stack trace: MONOPOD_DEBUG=1");
                }
            }
        }
        return CommandLine.ExitCode.SOFTWARE;
    }
}
