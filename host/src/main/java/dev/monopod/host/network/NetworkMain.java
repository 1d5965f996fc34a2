package dev.monopod.host.network;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Makes or removes the network of this host from a command line: `monopod up` needs the VPC's
/// router before kube-proxy starts, and `monopod down` removes it without an agent.
@Command(name = "monopod-network", mixinStandardHelpOptions = true)
public final class NetworkMain {
    private NetworkMain() {}

    public static void main(String[] args) {
        System.exit(
                new CommandLine(new NetworkMain())
                        .addSubcommand("ensure", new Ensure())
                        .addSubcommand("remove", new Remove())
                        .execute(args));
    }

    /// The addresses of a host's VPC that follow from its range.
    public static HostNetwork.VpcNetwork vpcNetwork(
            String name, String cidr, String serviceCidr, int kubeletPort) {
        return vpcNetwork(
                name,
                cidr,
                VpcRange.parse(cidr).address(VpcRange.HOST_OFFSET),
                serviceCidr,
                kubeletPort);
    }

    private static HostNetwork.VpcNetwork vpcNetwork(
            String name, String cidr, String hostAddress, String serviceCidr, int kubeletPort) {
        return new HostNetwork.VpcNetwork(
                name, List.of(cidr), hostAddress, serviceCidr, kubeletPort);
    }

    @Command(name = "ensure", description = "Make or mend the router of a VPC.")
    static final class Ensure implements Callable<Integer> {
        @Option(names = "--run-dir", defaultValue = "/run/monopod")
        Path runDirectory = Path.of("/run/monopod");

        @Option(names = "--vpc", defaultValue = "default")
        String vpc = "default";

        @Option(names = "--cidr", defaultValue = "192.168.0.0/16")
        String cidr = "";

        @Option(names = "--host-address", description = "Default: base + 4 of the range.")
        String hostAddress = "";

        @Option(names = "--service-cidr", defaultValue = "10.100.0.0/16")
        String serviceCidr = "";

        @Option(names = "--kubelet-port", defaultValue = "10250")
        int kubeletPort;

        @Override
        public Integer call() {
            new LinuxHostNetwork(runDirectory)
                    .ensureVpc(
                            hostAddress.isEmpty()
                                    ? vpcNetwork(vpc, cidr, serviceCidr, kubeletPort)
                                    : vpcNetwork(vpc, cidr, hostAddress, serviceCidr, kubeletPort));
            return 0;
        }
    }

    @Command(name = "remove", description = "Remove every VPC from this host.")
    static final class Remove implements Callable<Integer> {
        @Option(names = "--run-dir", defaultValue = "/run/monopod")
        Path runDirectory = Path.of("/run/monopod");

        @Override
        public Integer call() {
            new LinuxHostNetwork(runDirectory).removeAll();
            return 0;
        }
    }
}
