package dev.monopod.agent.pod;

import dev.monopod.agent.guest.GuestChannel;
import dev.monopod.agent.image.ImageStore;
import dev.monopod.agent.machine.Hypervisor;
import dev.monopod.agent.network.HostNetwork;
import java.nio.file.Path;
import java.time.Clock;

/// What every pod worker of this host shares.
record WorkerServices(
        PodApi api,
        ConfigSource source,
        PodNodes nodes,
        Hypervisor hypervisor,
        HostNetwork network,
        ImageStore images,
        GuestChannel.Transport transport,
        PodSettings settings,
        Clock clock) {
    /// Directory of one pod: record and logs.
    Path podDirectory(String uid) {
        return settings.dataDirectory().resolve("pods").resolve(uid);
    }
}
