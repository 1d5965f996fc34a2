package dev.monopod.cli.aws;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// AWS' own tools against this cluster.
@Command(
        name = "aws",
        mixinStandardHelpOptions = true,
        description = "AWS' own tools against this cluster: keys, and what the tools are told.",
        subcommands = {EnvCommand.class, KeyCommand.class},
        footer = {
            "",
            "monopod aws -- ARGUMENT...   runs AWS' command with the variables of `monopod aws env`"
        })
public final class AwsCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "aws: env, key, or -- and what to run");
    }
}
