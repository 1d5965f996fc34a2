package dev.monopod.agent.pod.scope;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.api.PodNodes;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.image.ImageStore;
import dev.monopod.host.machine.Hypervisor;
import dev.monopod.host.network.HostNetwork;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Semaphore;

/// What every pod worker of this host shares.
///
/// @param boots how many machines may boot at a time: when all of a burst boot at once, they share
///   the processors and the first is ready as late as the last
public record WorkerServices(
        PodApi api,
        ConfigSource source,
        PodNodes nodes,
        Hypervisor hypervisor,
        HostNetwork network,
        ImageStore images,
        GuestChannel.Transport transport,
        PodSettings settings,
        Semaphore boots,
        Clock clock) {
    /// Directory of one pod: record and logs.
    public Path podDirectory(String uid) {
        return settings.dataDirectory().resolve("pods").resolve(uid);
    }
}
