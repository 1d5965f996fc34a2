package dev.monopod.agent.pod.worker;

import com.google.protobuf.ByteString;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.PodNames;
import dev.monopod.agent.pod.spec.PodNumbers;
import dev.monopod.agent.pod.spec.Sysctls;
import dev.monopod.protocol.guest.ConfigureRequest;
import dev.monopod.protocol.guest.NetworkInterface;
import java.security.SecureRandom;
import java.time.Instant;

/// Tells a guest who it is.
record GuestIdentity(PodView view, MachineHandle machine, String clusterDomain) {
    private static final int ENTROPY_BYTES = 64;
    private static final SecureRandom RANDOM = new SecureRandom();

    /// Made anew for each attempt: it holds the wall clock.
    ConfigureRequest request(int mtu, Instant now) {
        var pod = view.pod();
        var network = view.machine().getSpec().network();
        var entropy = new byte[ENTROPY_BYTES];
        RANDOM.nextBytes(entropy);
        var request =
                ConfigureRequest.newBuilder()
                        .setMachineId(view.machineName())
                        .setHostname(PodNames.kernel(pod, clusterDomain))
                        .setDomainName(PodNames.domain(pod, clusterDomain))
                        .setUnixTimeNanos(now.getEpochSecond() * 1_000_000_000L + now.getNano())
                        .setEntropy(ByteString.copyFrom(entropy))
                        .setNetwork(
                                NetworkInterface.newBuilder()
                                        .setMac(network.mac())
                                        .setAddress(network.address())
                                        .setPrefixLength(32)
                                        .setGateway(network.gateway())
                                        .setMtu(mtu))
                        .setShareProcessNamespace(
                                Boolean.TRUE.equals(pod.getSpec().getShareProcessNamespace()))
                        .setOwnUserNamespace(Boolean.FALSE.equals(pod.getSpec().getHostUsers()));
        request.setPodResources(PodNumbers.of(view.granted(), machine.memoryBytes()));
        return request.putAllSysctls(Sysctls.of(pod)).build();
    }
}
